-- Messages as they came, kept before they are acknowledged. What is waiting has not
-- been read yet; what is queued is nobody's until a person says whose.
CREATE TABLE mail (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest      bytea NOT NULL UNIQUE CHECK (length(digest) = 32), -- of envelope and bytes
    at          timestamptz NOT NULL,
    peer        text NOT NULL,
    relayed     boolean NOT NULL, -- by a relay of ours, whose results are believed
    sender      text NOT NULL,    -- of the envelope; '' for a bounce
    recipients  text[] NOT NULL,
    raw         bytea NOT NULL,
    state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'queued', 'filed', 'dropped')),
    tries       bigint NOT NULL DEFAULT 0 CHECK (tries >= 0),
    next_at     timestamptz,
    message_id  text NOT NULL DEFAULT '',
    author      text NOT NULL DEFAULT '',
    subject     text NOT NULL DEFAULT '',
    rung        text NOT NULL DEFAULT '',
    why         text NOT NULL DEFAULT '',
    suggested   text[] NOT NULL DEFAULT '{}', -- customers
    customer    text,
    ticket      text,
    message     bigint,
    CONSTRAINT filed_somewhere CHECK (state <> 'filed' OR customer IS NOT NULL AND ticket IS NOT NULL AND message IS NOT NULL)
);
CREATE INDEX mail_waiting ON mail (id) WHERE state = 'waiting';
CREATE INDEX mail_queued ON mail (at, id) WHERE state = 'queued';
CREATE INDEX mail_message_id ON mail (message_id, author) WHERE state = 'queued';

CREATE TABLE ticket (
    customer    text NOT NULL REFERENCES customer ON UPDATE CASCADE,
    id          text NOT NULL CHECK (id ~ '^[a-z2-7]{10}$'),
    subject     text NOT NULL CHECK (length(subject) <= 500),
    requester   text NOT NULL CHECK (requester <> ''),
    opened_at   timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL CHECK (updated_at >= opened_at),
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'waiting', 'resolved')),
    priority    text NOT NULL DEFAULT 'normal' CHECK (priority IN ('urgent', 'high', 'normal', 'low')),
    channel     text NOT NULL DEFAULT 'portal' CHECK (channel IN ('mail', 'portal', 'api')),
    assignee    text,                     -- an operator's id
    cause       text NOT NULL DEFAULT '',
    touched     boolean NOT NULL DEFAULT true, -- deadlines are not worked out yet
    terms       text NOT NULL DEFAULT '', -- what the deadlines were worked out by
    due_of      text NOT NULL DEFAULT '',
    due_at      timestamptz,
    warn_at     timestamptz,
    warned_at   timestamptz,
    escalated_at timestamptz,
    standing    jsonb,                    -- how each promise stands
    rating      smallint CHECK (rating BETWEEN 1 AND 5),
    rating_note text NOT NULL DEFAULT '' CHECK (length(rating_note) <= 2000),
    search      tsvector NOT NULL DEFAULT ''::tsvector,
    PRIMARY KEY (customer, id),
    CONSTRAINT due_is_of_something CHECK ((due_at IS NULL) = (due_of = ''))
);
CREATE INDEX ticket_id ON ticket (id);
CREATE INDEX ticket_updated ON ticket (customer, updated_at);
CREATE INDEX ticket_due ON ticket (due_at, customer, id) WHERE state <> 'resolved';
CREATE INDEX ticket_recent ON ticket (updated_at);
CREATE INDEX ticket_touched ON ticket (id) WHERE touched;
CREATE INDEX ticket_search ON ticket USING gin (search) WITH (gin_pending_list_limit = 128);

CREATE TABLE ticket_message (
    customer    text NOT NULL,
    ticket      text NOT NULL,
    n           bigint NOT NULL CHECK (n > 0),
    kind        text NOT NULL DEFAULT 'in' CHECK (kind IN ('in', 'out')),
    author      text NOT NULL CHECK (author <> ''),
    at          timestamptz NOT NULL,
    message_id  text NOT NULL DEFAULT '',
    text        text NOT NULL,
    automatic   boolean NOT NULL DEFAULT false, -- no person wrote it
    mail        bigint, -- that it came as
    PRIMARY KEY (customer, ticket, n),
    FOREIGN KEY (customer, ticket) REFERENCES ticket ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE UNIQUE INDEX ticket_message_once ON ticket_message (customer, message_id, author) WHERE message_id <> '';

CREATE TABLE ticket_attachment (
    customer text NOT NULL,
    ticket   text NOT NULL,
    n        bigint NOT NULL,
    part     bigint NOT NULL CHECK (part > 0),
    name     text NOT NULL CHECK (name <> '' AND length(name) <= 255),
    type     text NOT NULL CHECK (type <> ''),
    content  bytea NOT NULL CHECK (length(content) <= 26214400),
    PRIMARY KEY (customer, ticket, n, part),
    FOREIGN KEY (customer, ticket, n) REFERENCES ticket_message ON UPDATE CASCADE ON DELETE CASCADE
);

-- What operators say among themselves.
CREATE TABLE ticket_note (
    customer text NOT NULL,
    ticket   text NOT NULL,
    n        bigint NOT NULL CHECK (n > 0),
    author   text NOT NULL CHECK (author <> ''),
    at       timestamptz NOT NULL,
    text     text NOT NULL,
    PRIMARY KEY (customer, ticket, n),
    FOREIGN KEY (customer, ticket) REFERENCES ticket ON UPDATE CASCADE ON DELETE CASCADE
);

-- All that happened to a ticket, of which its deadlines are made.
CREATE TABLE ticket_event (
    customer text NOT NULL,
    ticket   text NOT NULL,
    n        bigint NOT NULL CHECK (n > 0),
    at       timestamptz NOT NULL,
    act      text NOT NULL CHECK (act <> ''),
    by       text NOT NULL,
    message  bigint, -- that it was
    detail   jsonb,
    due_of   text NOT NULL DEFAULT '', -- the first deadline after it
    due_at   timestamptz,
    PRIMARY KEY (customer, ticket, n),
    FOREIGN KEY (customer, ticket) REFERENCES ticket ON UPDATE CASCADE ON DELETE CASCADE
);

-- Answers on their way to a customer's people.
CREATE TABLE ticket_letter (
    customer   text NOT NULL,
    ticket     text NOT NULL,
    n          bigint NOT NULL,
    recipient  text NOT NULL CHECK (recipient <> ''),
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'refused')),
    tries      bigint NOT NULL DEFAULT 0 CHECK (tries >= 0),
    next_at    timestamptz,
    error      text NOT NULL DEFAULT '',
    PRIMARY KEY (customer, ticket, n, recipient),
    FOREIGN KEY (customer, ticket, n) REFERENCES ticket_message ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX ticket_letter_waiting ON ticket_letter (customer, ticket, n) WHERE state = 'waiting';

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['mail', 'ticket', 'ticket_message', 'ticket_attachment', 'ticket_note', 'ticket_event', 'ticket_letter'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner ON %I TO landlord_owner USING (true)', t);
        EXECUTE format('CREATE POLICY operator ON %I TO landlord_operator USING (true)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO landlord_operator', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['ticket', 'ticket_message', 'ticket_attachment'] LOOP
        EXECUTE format('CREATE POLICY customer ON %I TO landlord_customer USING (customer = (select nullif(current_setting(''landlord.customer'', true), '''')))', t);
    END LOOP;
END
$$;

-- A customer's people write tickets and messages; what these come to, operators' side
-- works out. Who of the provider has a ticket is not told.
GRANT SELECT (customer, id, subject, requester, opened_at, updated_at, state, priority, channel, touched, due_of, due_at, rating, rating_note, search),
    INSERT (customer, id, subject, requester, opened_at, updated_at, search),
    UPDATE (touched, updated_at, rating, rating_note, search) ON ticket TO landlord_customer;
GRANT SELECT (customer, ticket, n, kind, author, at, text, automatic), INSERT (customer, ticket, n, author, at, text) ON ticket_message TO landlord_customer;
GRANT SELECT, INSERT ON ticket_attachment TO landlord_customer;
