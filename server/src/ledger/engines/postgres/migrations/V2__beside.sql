-- What all instances share beside the ledger. Losing it costs sign-ins and late alarms, never a fact.

CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    person_id text NOT NULL,
    expires_at_micros bigint NOT NULL
);

CREATE TABLE codes (
    code_hash bytea PRIMARY KEY,
    person_id text NOT NULL,
    expires_at_micros bigint NOT NULL
);

-- When agents were last heard. Room in the pages, so that moving a time touches no index.
CREATE TABLE heard (
    agent_id text PRIMARY KEY,
    heard_at_micros bigint NOT NULL
) WITH (fillfactor = 60);

-- The authority that this ledger's agents trust. Its key is on the instances, never here.
CREATE TABLE authority (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32)
);

CREATE FUNCTION tell_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('daicho_sessions', '');
    RETURN NULL;
END $$;

CREATE TRIGGER told AFTER INSERT OR UPDATE OR DELETE ON sessions FOR EACH STATEMENT EXECUTE FUNCTION tell_sessions();
