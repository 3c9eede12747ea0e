-- How far each channel has delivered the ledger's notices. Losing it costs notices told twice or, for a new channel, late.

CREATE TABLE outbox (
    channel text PRIMARY KEY,
    seq bigint NOT NULL
);
