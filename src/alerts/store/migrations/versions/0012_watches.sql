-- What a subscriber was notified of about an institution in one row, of all axes.
CREATE TABLE joined AS
SELECT subscriber, institution, '{{' || {join_texts}('"' || axis || '":' || state, ',') || '}}' AS state, MIN(due_at) AS due_at
FROM watches
GROUP BY subscriber, institution;

DROP TABLE watches;

CREATE TABLE watches (
    subscriber TEXT NOT NULL,
    institution TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at BIGINT,
    CONSTRAINT pk_watches PRIMARY KEY (subscriber, institution)
);

INSERT INTO watches (subscriber, institution, state, due_at)
SELECT subscriber, institution, state, due_at FROM joined;

CREATE INDEX ix_watches_due ON watches (subscriber, due_at){where_due};

DROP TABLE joined;
