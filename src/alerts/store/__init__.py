"""The database: tables, queries, migrations. The only place that knows SQL."""
