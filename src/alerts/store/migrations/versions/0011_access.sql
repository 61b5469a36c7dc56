-- Sessions of people who signed in; what a token for programs may do.
CREATE TABLE sessions (
    id TEXT NOT NULL,
    person TEXT NOT NULL,
    groups TEXT NOT NULL,
    credential TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    request TEXT,
    CONSTRAINT pk_sessions PRIMARY KEY (id),
    CONSTRAINT uq_sessions_request UNIQUE (request)
);

ALTER TABLE links ADD COLUMN scopes TEXT;
