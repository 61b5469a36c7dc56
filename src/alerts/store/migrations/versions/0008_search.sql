-- The full-text index of items; what is recorded is added by the worker, some at a time.
{sqlite}CREATE VIRTUAL TABLE search USING fts5 (words, content='', detail=none, columnsize=0, tokenize="ascii tokenchars '&+@#-_'");
{postgresql}CREATE TABLE search (id INTEGER CONSTRAINT pk_search PRIMARY KEY, words TSVECTOR NOT NULL);
{postgresql}CREATE INDEX ix_search_words ON search USING gin (words);
DELETE FROM facts WHERE name = 'search';
