-- The schema of version 0.1.0, the first that was released.
CREATE TABLE channels (
    subscriber TEXT NOT NULL,
    channel TEXT NOT NULL,
    free_at BIGINT NOT NULL,
    paused_until BIGINT,
    CONSTRAINT pk_channels PRIMARY KEY (subscriber, channel)
);

CREATE TABLE cases (
    institution TEXT NOT NULL,
    cursor BIGINT NOT NULL,
    version INTEGER NOT NULL,
    configuration TEXT NOT NULL,
    axes TEXT NOT NULL,
    reporter TEXT NOT NULL,
    due_at BIGINT,
    claimed_until BIGINT,
    CONSTRAINT pk_cases PRIMARY KEY (institution)
);

CREATE INDEX ix_cases_due_at ON cases (due_at);

CREATE TABLE clock (
    id {serial} NOT NULL,
    stamp BIGINT NOT NULL,
    CONSTRAINT pk_clock PRIMARY KEY (id)
);

CREATE TABLE deliveries (
    id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    subscriber TEXT NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    message TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    due_at BIGINT,
    claimed_until BIGINT,
    lease_until BIGINT,
    lease_token TEXT,
    attempts INTEGER NOT NULL,
    sent_at BIGINT,
    observed_at BIGINT,
    turn_at BIGINT,
    CONSTRAINT pk_deliveries PRIMARY KEY (id)
);

CREATE INDEX ix_deliveries_created_at ON deliveries (created_at);

CREATE INDEX ix_deliveries_due ON deliveries (due_at){where_due};

CREATE INDEX ix_deliveries_subscriber ON deliveries (subscriber);

CREATE TABLE desks (
    subscriber TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at BIGINT,
    claimed_until BIGINT,
    CONSTRAINT pk_desks PRIMARY KEY (subscriber)
);

CREATE INDEX ix_desks_due_at ON desks (due_at);

CREATE TABLE facts (
    name TEXT NOT NULL,
    at BIGINT NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT pk_facts PRIMARY KEY (name)
);

CREATE TABLE findings (
    institution TEXT NOT NULL,
    observed BIGINT NOT NULL,
    item TEXT NOT NULL,
    revision INTEGER NOT NULL,
    title TEXT NOT NULL,
    url TEXT NOT NULL,
    source TEXT NOT NULL,
    publisher TEXT NOT NULL,
    published BIGINT,
    salience {double} NOT NULL,
    topics TEXT NOT NULL,
    mentions TEXT NOT NULL,
    quiet BOOLEAN NOT NULL,
    features {bytes} NOT NULL,
    CONSTRAINT pk_findings PRIMARY KEY (institution, observed, item)
);

CREATE INDEX ix_findings_item ON findings (item);

CREATE INDEX ix_findings_revision ON findings (revision);

CREATE TABLE hosts (
    host TEXT NOT NULL,
    free_at BIGINT NOT NULL,
    CONSTRAINT pk_hosts PRIMARY KEY (host)
);

CREATE TABLE items (
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    revision INTEGER NOT NULL,
    first_observed BIGINT NOT NULL,
    last_changed BIGINT NOT NULL,
    link_key TEXT NOT NULL,
    title_key TEXT NOT NULL,
    title TEXT NOT NULL,
    link TEXT NOT NULL,
    published BIGINT,
    fingerprint TEXT NOT NULL,
    text_print TEXT NOT NULL,
    withdrawn BOOLEAN NOT NULL,
    CONSTRAINT pk_items PRIMARY KEY (id)
);

CREATE INDEX ix_items_link ON items (source, link_key);

CREATE INDEX ix_items_title ON items (source, title_key);

CREATE TABLE links (
    id TEXT NOT NULL,
    tier TEXT NOT NULL,
    subscriber TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    CONSTRAINT pk_links PRIMARY KEY (id)
);

CREATE TABLE locks (
    name TEXT NOT NULL,
    until BIGINT NOT NULL,
    CONSTRAINT pk_locks PRIMARY KEY (name)
);

CREATE TABLE memberships (
    institution TEXT NOT NULL,
    item TEXT NOT NULL,
    story TEXT NOT NULL,
    CONSTRAINT pk_memberships PRIMARY KEY (institution, item)
);

CREATE INDEX ix_memberships_story ON memberships (story);

CREATE TABLE silences (
    id TEXT NOT NULL,
    "select" TEXT NOT NULL,
    starts BIGINT NOT NULL,
    until BIGINT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    CONSTRAINT pk_silences PRIMARY KEY (id)
);

CREATE TABLE snapshots (
    institution TEXT NOT NULL,
    at BIGINT NOT NULL,
    profile {bytes} NOT NULL,
    CONSTRAINT pk_snapshots PRIMARY KEY (institution, at)
);

CREATE TABLE sources (
    id TEXT NOT NULL,
    url TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    next_poll_at BIGINT NOT NULL,
    claimed_until BIGINT,
    lease_until BIGINT,
    lease_token TEXT,
    last_poll_at BIGINT,
    last_success_at BIGINT,
    error TEXT,
    error_streak INTEGER NOT NULL,
    state TEXT NOT NULL,
    CONSTRAINT pk_sources PRIMARY KEY (id)
);

CREATE INDEX ix_sources_due ON sources (active, next_poll_at);

CREATE TABLE stories (
    id TEXT NOT NULL,
    institution TEXT NOT NULL,
    title TEXT NOT NULL,
    first BIGINT NOT NULL,
    newest BIGINT NOT NULL,
    confidence {double} NOT NULL,
    grade TEXT NOT NULL,
    mix TEXT NOT NULL,
    salience {double} NOT NULL,
    reports INTEGER NOT NULL,
    publishers INTEGER NOT NULL,
    topics TEXT NOT NULL,
    merged_into TEXT,
    CONSTRAINT pk_stories PRIMARY KEY (id)
);

CREATE INDEX ix_stories_institution ON stories (institution);

CREATE TABLE story_events (
    id {serial} NOT NULL,
    at BIGINT NOT NULL,
    institution TEXT NOT NULL,
    kind TEXT NOT NULL,
    story TEXT NOT NULL,
    other TEXT NOT NULL,
    why TEXT NOT NULL,
    CONSTRAINT pk_story_events PRIMARY KEY (id)
);

CREATE INDEX ix_story_events_institution ON story_events (institution);

CREATE INDEX ix_story_events_story ON story_events (story);

CREATE TABLE threads (
    subscriber TEXT NOT NULL,
    channel TEXT NOT NULL,
    about TEXT NOT NULL,
    posted TEXT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT pk_threads PRIMARY KEY (subscriber, channel, about)
);

CREATE TABLE transitions (
    id {serial} NOT NULL,
    at BIGINT NOT NULL,
    institution TEXT NOT NULL,
    axis TEXT NOT NULL,
    from_level TEXT NOT NULL,
    to_level TEXT NOT NULL,
    score {double} NOT NULL,
    cause TEXT NOT NULL,
    contributions TEXT NOT NULL,
    CONSTRAINT pk_transitions PRIMARY KEY (id),
    CONSTRAINT uq_transitions_institution_axis_at UNIQUE (institution, axis, at)
);

CREATE INDEX ix_transitions_at ON transitions (at);

CREATE TABLE troubles (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    since BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    line TEXT NOT NULL,
    told BOOLEAN NOT NULL,
    CONSTRAINT pk_troubles PRIMARY KEY (kind, subject)
);

CREATE TABLE watches (
    subscriber TEXT NOT NULL,
    institution TEXT NOT NULL,
    axis TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at BIGINT,
    CONSTRAINT pk_watches PRIMARY KEY (subscriber, institution, axis)
);

CREATE INDEX ix_watches_due ON watches (subscriber, due_at);

CREATE TABLE alerts (
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    subscriber TEXT NOT NULL,
    channel TEXT NOT NULL,
    institution TEXT NOT NULL,
    "on" TEXT NOT NULL,
    transition INTEGER,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    CONSTRAINT pk_alerts PRIMARY KEY (id),
    CONSTRAINT fk_alerts_transition FOREIGN KEY(transition) REFERENCES transitions (id)
);

CREATE INDEX ix_alerts_at ON alerts (at);

CREATE INDEX ix_alerts_institution ON alerts (institution);

CREATE INDEX ix_alerts_subscriber ON alerts (subscriber);

CREATE INDEX ix_alerts_transition ON alerts (transition);

CREATE TABLE attempts (
    id {serial} NOT NULL,
    delivery TEXT NOT NULL,
    number INTEGER NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    state TEXT NOT NULL,
    line TEXT NOT NULL,
    CONSTRAINT pk_attempts PRIMARY KEY (id),
    CONSTRAINT fk_attempts_delivery FOREIGN KEY(delivery) REFERENCES deliveries (id) ON DELETE CASCADE
);

CREATE INDEX ix_attempts_delivery ON attempts (delivery);

CREATE TABLE carried (
    alert TEXT NOT NULL,
    delivery TEXT NOT NULL,
    CONSTRAINT pk_carried PRIMARY KEY (alert, delivery),
    CONSTRAINT fk_carried_delivery FOREIGN KEY(delivery) REFERENCES deliveries (id) ON DELETE CASCADE
);

CREATE INDEX ix_carried_delivery ON carried (delivery);

CREATE TABLE revisions (
    id {serial} NOT NULL,
    item TEXT NOT NULL,
    observed BIGINT NOT NULL,
    published BIGINT,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    content TEXT NOT NULL,
    url TEXT NOT NULL,
    source TEXT NOT NULL,
    publisher TEXT NOT NULL,
    author TEXT NOT NULL,
    origin TEXT NOT NULL,
    language TEXT NOT NULL,
    withdrawn BOOLEAN NOT NULL,
    CONSTRAINT pk_revisions PRIMARY KEY (id),
    CONSTRAINT fk_revisions_item FOREIGN KEY(item) REFERENCES items (id) ON DELETE CASCADE
);

CREATE INDEX ix_revisions_item ON revisions (item);

CREATE INDEX ix_revisions_observed ON revisions (observed);
