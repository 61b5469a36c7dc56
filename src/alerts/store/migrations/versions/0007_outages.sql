CREATE TABLE outages (
    source TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    CONSTRAINT pk_outages PRIMARY KEY (source, since)
);

CREATE INDEX ix_outages_until ON outages (until);
