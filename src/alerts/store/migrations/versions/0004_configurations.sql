-- The configuration in force is a numbered generation with its content.
CREATE TABLE configurations (
    number {serial} NOT NULL,
    hash TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    host TEXT NOT NULL,
    outline TEXT NOT NULL,
    content {bytes} NOT NULL,
    CONSTRAINT pk_configurations PRIMARY KEY (number)
);
