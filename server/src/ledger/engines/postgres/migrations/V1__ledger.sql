-- The ledger: one row that says where it ends, the entries by month of arrival, and nothing that changes an entry.
-- Released migrations are never edited; a change is the next file.

CREATE TABLE head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    seq bigint NOT NULL CHECK (seq >= 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    -- Raised by every new session: a request of an older one that arrives late finds another term and does nothing.
    term bigint NOT NULL,
    -- The least schema that an instance must know to work here. A migration that older releases cannot live with raises it.
    works_from integer NOT NULL
);

INSERT INTO head (seq, hash, term, works_from) VALUES (0, decode(repeat('00', 32), 'hex'), 0, 1);

-- `seq` is unique because `append` is the only way in, numbers follow the head, and months never go back.
CREATE TABLE entries (
    month integer NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    line_bytes integer NOT NULL,
    -- The line, compressed by the server, and the CRC-32 of that.
    line bytea NOT NULL,
    PRIMARY KEY (month, seq)
) PARTITION BY LIST (month);

ALTER TABLE entries ALTER COLUMN line SET STORAGE EXTERNAL;

-- Where each month begins: which partition holds a number.
CREATE TABLE volumes (
    month integer PRIMARY KEY,
    first_seq bigint NOT NULL UNIQUE
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger only grows: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER only_grows_whole BEFORE TRUNCATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON volumes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON head FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The month that an entry which arrives now belongs to. It never goes back, whatever the clock does.
CREATE FUNCTION month_now() RETURNS integer LANGUAGE sql STABLE SET search_path = daicho, pg_temp AS $$
    SELECT greatest(
        to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMM')::integer,
        (SELECT month FROM volumes ORDER BY month DESC LIMIT 1)
    )
$$;

-- Makes the partitions of this month and the two after it. Attaching does not stop readers or writers.
CREATE FUNCTION make_partitions() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = daicho, pg_temp AS $$
DECLARE
    first_day date := to_date(month_now()::text, 'YYYYMM');
    partition_month integer;
    partition_name text;
BEGIN
    PERFORM pg_advisory_xact_lock(7593172, 2);
    FOR ahead IN 0..2 LOOP
        partition_month := to_char(first_day + make_interval(months => ahead), 'YYYYMM')::integer;
        partition_name := 'entries_' || partition_month;
        IF to_regclass(partition_name) IS NULL THEN
            EXECUTE format('CREATE TABLE %I (LIKE entries INCLUDING ALL)', partition_name);
            EXECUTE format('ALTER TABLE %I ADD CHECK (month = %s)', partition_name, partition_month);
            EXECUTE format('CREATE TRIGGER only_grows_whole BEFORE TRUNCATE ON %I
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', partition_name);
            EXECUTE format('ALTER TABLE entries ATTACH PARTITION %I FOR VALUES IN (%s)', partition_name, partition_month);
        END IF;
    END LOOP;
END $$;

-- A new session takes its term. Its commit returns when everything before it is as durable as the database promises.
CREATE FUNCTION take_term() RETURNS TABLE (seq bigint, hash bytea, term bigint, works_from integer)
    LANGUAGE sql SECURITY DEFINER SET search_path = daicho, pg_temp AS $$
    UPDATE head SET term = head.term + 1 RETURNING head.seq, head.hash, head.term, head.works_from
$$;

-- The one way in. The lock on the head gives the total order; the head that the caller expects keeps the chain.
CREATE FUNCTION append(
    caller_schema integer, expected_seq bigint, expected_hash bytea, caller_term bigint,
    hashes bytea[], lines_bytes integer[], lines bytea[]
) RETURNS TABLE (outcome text, seq bigint, hash bytea, term bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = daicho, pg_temp AS $$
#variable_conflict use_column
DECLARE
    here head%ROWTYPE;
    into_month integer;
    last_month integer;
    count integer := coalesce(array_length(hashes, 1), 0);
BEGIN
    SELECT * INTO STRICT here FROM head FOR UPDATE;
    IF caller_schema < here.works_from THEN
        RETURN QUERY SELECT 'outdated', here.seq, here.hash, here.term;
    ELSIF here.seq <> expected_seq OR here.hash <> expected_hash THEN
        RETURN QUERY SELECT 'moved', here.seq, here.hash, here.term;
    ELSIF here.term <> caller_term THEN
        RETURN QUERY SELECT 'fenced', here.seq, here.hash, here.term;
    ELSIF count = 0 THEN
        RETURN QUERY SELECT 'done', here.seq, here.hash, here.term;
    ELSE
        SELECT month INTO last_month FROM volumes ORDER BY month DESC LIMIT 1;
        into_month := month_now();
        IF last_month IS DISTINCT FROM into_month THEN
            INSERT INTO volumes (month, first_seq) VALUES (into_month, here.seq + 1);
        END IF;
        INSERT INTO entries (month, seq, hash, line_bytes, line)
            SELECT into_month, here.seq + given.place, given.hash, given.line_bytes, given.line
            FROM unnest(hashes, lines_bytes, lines) WITH ORDINALITY AS given (hash, line_bytes, line, place);
        UPDATE head SET seq = here.seq + count, hash = hashes[count];
        PERFORM pg_notify('daicho_head', (here.seq + count)::text);
        RETURN QUERY SELECT 'done', here.seq + count, hashes[count], here.term;
    END IF;
END $$;

REVOKE EXECUTE ON FUNCTION make_partitions(), take_term(),
    append(integer, bigint, bytea, bigint, bytea[], integer[], bytea[]) FROM PUBLIC;
