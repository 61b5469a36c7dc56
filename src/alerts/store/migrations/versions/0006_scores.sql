-- Scores by the gravest story: tables of what stories amounted to; every case is rebuilt once, at its next assessment.
CREATE TABLE story_versions (
    id {serial} NOT NULL,
    institution TEXT NOT NULL,
    story TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT,
    title TEXT NOT NULL,
    newest BIGINT NOT NULL,
    confidence {double} NOT NULL,
    grade TEXT NOT NULL,
    mix TEXT NOT NULL,
    salience {double} NOT NULL,
    topics TEXT NOT NULL,
    reports INTEGER NOT NULL,
    publishers INTEGER NOT NULL,
    items TEXT NOT NULL,
    key_priority {double},
    key_policy {double},
    key_continuity {double},
    CONSTRAINT pk_story_versions PRIMARY KEY (id)
);

CREATE INDEX ix_story_versions_story ON story_versions (story, since);

CREATE INDEX ix_story_versions_newest ON story_versions (institution, newest);

CREATE INDEX ix_story_versions_priority ON story_versions (institution, key_priority);

CREATE INDEX ix_story_versions_policy ON story_versions (institution, key_policy);

CREATE INDEX ix_story_versions_continuity ON story_versions (institution, key_continuity);

CREATE TABLE assessments (
    institution TEXT NOT NULL,
    at BIGINT NOT NULL,
    scores TEXT NOT NULL,
    stories INTEGER NOT NULL,
    reports INTEGER NOT NULL,
    publishers INTEGER NOT NULL,
    direct INTEGER NOT NULL,
    CONSTRAINT pk_assessments PRIMARY KEY (institution, at)
);

CREATE TABLE story_rises (
    institution TEXT NOT NULL,
    at BIGINT NOT NULL,
    story TEXT NOT NULL,
    axis TEXT NOT NULL,
    from_level TEXT NOT NULL,
    to_level TEXT NOT NULL,
    item TEXT NOT NULL,
    CONSTRAINT pk_story_rises PRIMARY KEY (institution, at, story)
);

-- A case of another configuration is rebuilt from its recorded findings, and nobody is alerted of what that changes.
UPDATE cases SET configuration = 'former-formula', due_at = cursor, claimed_until = NULL WHERE version > 0;
