-- What readers answer to alerts.
CREATE TABLE answers (
    id TEXT NOT NULL,
    alert TEXT NOT NULL,
    subscriber TEXT NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT,
    institution TEXT NOT NULL,
    days INTEGER,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    undone_at BIGINT,
    undone_by TEXT NOT NULL,
    CONSTRAINT pk_answers PRIMARY KEY (id)
);

CREATE INDEX ix_answers_alert ON answers (alert);

CREATE INDEX ix_answers_institution ON answers (institution);

CREATE INDEX ix_answers_subscriber ON answers (subscriber, kind);
