
CREATE SCHEMA golden_v1;

CREATE TABLE golden_v1.ashlar_meta (
    id bigint NOT NULL,
    store_id text NOT NULL,
    store_format text NOT NULL,
    schema_version bigint NOT NULL,
    cursor text NOT NULL,
    selection text NOT NULL,
    is_loading bigint NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT ashlar_meta_id_check CHECK ((id = 1))
);

CREATE TABLE golden_v1.blocks (
    sequence bigint NOT NULL,
    height bigint NOT NULL,
    hash bytea NOT NULL,
    parent bytea NOT NULL,
    "time" timestamp with time zone NOT NULL,
    appended_at timestamp with time zone NOT NULL,
    chain_value bigint NOT NULL,
    request_id bytea,
    event_count bigint NOT NULL,
    undone_by bigint,
    CONSTRAINT blocks_check CHECK ((undone_by > sequence))
);

CREATE VIEW golden_v1.canonical_blocks AS
 SELECT blocks.sequence,
    blocks.height,
    blocks.hash,
    blocks.parent,
    blocks."time",
    blocks.appended_at,
    blocks.request_id,
    blocks.event_count
   FROM golden_v1.blocks
  WHERE (blocks.undone_by IS NULL);

CREATE TABLE golden_v1.events (
    sequence bigint NOT NULL,
    ordinal bigint NOT NULL,
    height bigint,
    model_id bigint NOT NULL,
    type_id bigint NOT NULL,
    version bigint,
    "time" timestamp with time zone NOT NULL,
    request_id bytea,
    payload jsonb,
    payload_bytes bytea,
    undone_by bigint,
    CONSTRAINT events_check CHECK (((payload IS NULL) <> (payload_bytes IS NULL))),
    CONSTRAINT events_check1 CHECK ((undone_by > sequence))
);

CREATE TABLE golden_v1.models (
    id bigint NOT NULL,
    name text NOT NULL
);

CREATE TABLE golden_v1.types (
    id bigint NOT NULL,
    name text NOT NULL
);

CREATE VIEW golden_v1.canonical_events AS
 SELECT e.sequence,
    e.ordinal,
    e.height,
    m.name AS model,
    t.name AS type,
    e.version,
    e."time",
    e.request_id,
    e.payload,
    e.payload_bytes
   FROM ((golden_v1.events e
     LEFT JOIN golden_v1.models m ON ((m.id = e.model_id)))
     LEFT JOIN golden_v1.types t ON ((t.id = e.type_id)))
  WHERE ((e.undone_by IS NULL) AND (e.height IS NOT NULL));

CREATE TABLE golden_v1.everything (
    sequence bigint NOT NULL,
    ordinal bigint NOT NULL,
    height bigint,
    "time" timestamp with time zone,
    undone_by bigint,
    source text,
    whole jsonb
);

CREATE VIEW golden_v1.canonical_everything AS
 SELECT everything.sequence,
    everything.ordinal,
    everything.height,
    everything."time",
    everything.undone_by,
    everything.source,
    everything.whole
   FROM golden_v1.everything
  WHERE ((everything.undone_by IS NULL) AND (everything.height IS NOT NULL));

CREATE TABLE golden_v1.outputs (
    sequence bigint NOT NULL,
    ordinal bigint NOT NULL,
    height bigint,
    "time" timestamp with time zone,
    undone_by bigint,
    at bigint,
    branch text,
    total numeric(78,0)
);

CREATE VIEW golden_v1.canonical_outputs AS
 SELECT outputs.sequence,
    outputs.ordinal,
    outputs.height,
    outputs."time",
    outputs.undone_by,
    outputs.at,
    outputs.branch,
    outputs.total
   FROM golden_v1.outputs
  WHERE ((outputs.undone_by IS NULL) AND (outputs.height IS NOT NULL));

CREATE VIEW golden_v1.floating_events AS
 SELECT e.sequence,
    e.ordinal,
    m.name AS model,
    t.name AS type,
    e."time",
    e.request_id,
    e.payload,
    e.payload_bytes
   FROM ((golden_v1.events e
     LEFT JOIN golden_v1.models m ON ((m.id = e.model_id)))
     LEFT JOIN golden_v1.types t ON ((t.id = e.type_id)))
  WHERE (e.height IS NULL);

CREATE VIEW golden_v1.model_1_headers AS
 SELECT e.sequence,
    e.ordinal,
    e.height,
    t.name AS type,
    e.version,
    e."time",
    e.request_id,
    e.payload,
    e.payload_bytes
   FROM (golden_v1.events e
     LEFT JOIN golden_v1.types t ON ((t.id = e.type_id)))
  WHERE ((e.model_id = 1) AND (e.undone_by IS NULL) AND (e.height IS NOT NULL));

CREATE VIEW golden_v1.model_2_utxo AS
 SELECT e.sequence,
    e.ordinal,
    e.height,
    t.name AS type,
    e.version,
    e."time",
    e.request_id,
    e.payload,
    e.payload_bytes
   FROM (golden_v1.events e
     LEFT JOIN golden_v1.types t ON ((t.id = e.type_id)))
  WHERE ((e.model_id = 2) AND (e.undone_by IS NULL) AND (e.height IS NOT NULL));

CREATE TABLE golden_v1.readopted_blocks (
    sequence bigint NOT NULL,
    block_sequence bigint NOT NULL,
    height bigint NOT NULL
);

CREATE TABLE golden_v1.rollbacks (
    sequence bigint NOT NULL,
    appended_at timestamp with time zone NOT NULL,
    to_height bigint NOT NULL,
    undone_count bigint NOT NULL
);

CREATE TABLE golden_v1.undone_blocks (
    sequence bigint NOT NULL,
    block_sequence bigint NOT NULL,
    height bigint NOT NULL,
    hash bytea NOT NULL
);

CREATE VIEW golden_v1.reorgs AS
 SELECT u.sequence,
    r.appended_at,
    u.height,
    u.block_sequence AS old_sequence,
    u.hash AS old_hash,
    n.sequence AS new_sequence,
    n.hash AS new_hash
   FROM ((golden_v1.undone_blocks u
     JOIN golden_v1.rollbacks r ON ((r.sequence = u.sequence)))
     LEFT JOIN golden_v1.blocks n ON ((n.sequence = ( SELECT c.block_sequence
           FROM ( SELECT blocks.sequence AS since,
                    blocks.sequence AS block_sequence,
                    blocks.height
                   FROM golden_v1.blocks
                UNION ALL
                 SELECT readopted_blocks.sequence,
                    readopted_blocks.block_sequence,
                    readopted_blocks.height
                   FROM golden_v1.readopted_blocks) c
          WHERE ((c.height = u.height) AND (c.since >= u.sequence))
          ORDER BY c.since
         LIMIT 1))));

CREATE TABLE golden_v1.state_event_counts (
    model text NOT NULL,
    type text NOT NULL,
    events bigint NOT NULL
);

CREATE TABLE golden_v1.tip (
    id bigint NOT NULL,
    sequence bigint NOT NULL,
    height bigint,
    hash bytea,
    "time" timestamp with time zone,
    CONSTRAINT tip_id_check CHECK ((id = 1))
);

INSERT INTO golden_v1.ashlar_meta VALUES (1, '6cd5af49829e650b4fc036ed6c4c1f03', '1.0', 1, 'c1.6cd5af49829e650b4fc036ed6c4c1f03.8.bb5bed0b45400ae3', 'models all; heights all; undone blocks kept; a view per model; map "outputs","everything" 47dccdd896b92e97; state tables "event-counts" 1 (model text,type text,events integer)', 0, '2026-11-25 15:16:18.433285+00');

INSERT INTO golden_v1.blocks VALUES (1, 0, '\x6100000000000000000000000000000000000000000000000000000000000000', '\x610000000000000000000000000000000000000000000000ffffffffffffffff', '2023-11-14 22:13:20+00', '2026-11-23 06:46:04.323874+00', 1146778188526178427, NULL, 5, NULL);
INSERT INTO golden_v1.blocks VALUES (2, 1, '\x6100000000000000000000000000000000000000000000000000000000000001', '\x6100000000000000000000000000000000000000000000000000000000000000', '2023-11-14 22:23:20+00', '2026-11-23 06:46:04.323971+00', 5492332833556248080, NULL, 5, NULL);
INSERT INTO golden_v1.blocks VALUES (7, 3, '\x6300000000000000000000000000000000000000000000000000000000000003', '\x6100000000000000000000000000000000000000000000000000000000000002', '2023-11-14 22:43:20+00', '2026-11-23 06:46:04.324541+00', 6497234972868358134, NULL, 5, NULL);
INSERT INTO golden_v1.blocks VALUES (8, 4, '\x6300000000000000000000000000000000000000000000000000000000000004', '\x6300000000000000000000000000000000000000000000000000000000000003', '2023-11-14 22:53:20+00', '2026-11-23 06:46:04.324586+00', -4946099133074109725, NULL, 5, NULL);
INSERT INTO golden_v1.blocks VALUES (5, 2, '\x6200000000000000000000000000000000000000000000000000000000000002', '\x6100000000000000000000000000000000000000000000000000000000000001', '2023-11-14 22:33:20+00', '2026-11-23 06:46:04.324188+00', -6612318011245750041, NULL, 5, 6);
INSERT INTO golden_v1.blocks VALUES (3, 2, '\x6100000000000000000000000000000000000000000000000000000000000002', '\x6100000000000000000000000000000000000000000000000000000000000001', '2023-11-14 22:33:20+00', '2026-11-23 06:46:04.324015+00', 2837365277271440304, NULL, 5, NULL);
INSERT INTO golden_v1.blocks VALUES (4, 3, '\x6100000000000000000000000000000000000000000000000000000000000003', '\x6100000000000000000000000000000000000000000000000000000000000002', '2023-11-14 22:43:20+00', '2026-11-23 06:46:04.324056+00', -4050305437999453944, NULL, 5, 7);

INSERT INTO golden_v1.events VALUES (1, 0, 0, 1, 1, 1, '2023-11-14 22:13:20+00', NULL, '{"branch": "a", "height": 0, "ordinal": 0}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (1, 1, 0, 2, 2, 1, '2023-11-14 22:13:20+00', NULL, '{"branch": "a", "height": 0, "ordinal": 1}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (1, 2, 0, 2, 3, 2, '2023-11-14 22:13:20+00', NULL, '{"branch": "a", "height": 0, "ordinal": 2}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (1, 3, 0, 1, 1, 2, '2023-11-14 22:13:20+00', NULL, '{"branch": "a", "height": 0, "ordinal": 3}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (1, 4, 0, 2, 2, 3, '2023-11-14 22:13:20+00', NULL, '{"branch": "a", "height": 0, "ordinal": 4}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (2, 0, 1, 1, 1, 3, '2023-11-14 22:23:20+00', NULL, '{"branch": "a", "height": 1, "ordinal": 0}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (2, 1, 1, 2, 2, 4, '2023-11-14 22:23:20+00', NULL, '{"branch": "a", "height": 1, "ordinal": 1}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (2, 2, 1, 2, 3, 5, '2023-11-14 22:23:20+00', NULL, '{"branch": "a", "height": 1, "ordinal": 2}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (2, 3, 1, 1, 1, 4, '2023-11-14 22:23:20+00', NULL, '{"branch": "a", "height": 1, "ordinal": 3}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (2, 4, 1, 2, 2, 6, '2023-11-14 22:23:20+00', NULL, '{"branch": "a", "height": 1, "ordinal": 4}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (7, 0, 3, 1, 1, 7, '2023-11-14 22:43:20+00', NULL, '{"branch": "c", "height": 3, "ordinal": 0}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (7, 1, 3, 2, 2, 10, '2023-11-14 22:43:20+00', NULL, '{"branch": "c", "height": 3, "ordinal": 1}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (7, 2, 3, 2, 3, 11, '2023-11-14 22:43:20+00', NULL, '{"branch": "c", "height": 3, "ordinal": 2}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (7, 3, 3, 1, 1, 8, '2023-11-14 22:43:20+00', NULL, '{"branch": "c", "height": 3, "ordinal": 3}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (7, 4, 3, 2, 2, 12, '2023-11-14 22:43:20+00', NULL, '{"branch": "c", "height": 3, "ordinal": 4}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (8, 0, 4, 1, 1, 9, '2023-11-14 22:53:20+00', NULL, '{"branch": "c", "height": 4, "ordinal": 0}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (8, 1, 4, 2, 2, 13, '2023-11-14 22:53:20+00', NULL, '{"branch": "c", "height": 4, "ordinal": 1}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (8, 2, 4, 2, 3, 14, '2023-11-14 22:53:20+00', NULL, '{"branch": "c", "height": 4, "ordinal": 2}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (8, 3, 4, 1, 1, 10, '2023-11-14 22:53:20+00', NULL, '{"branch": "c", "height": 4, "ordinal": 3}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (8, 4, 4, 2, 2, 15, '2023-11-14 22:53:20+00', NULL, '{"branch": "c", "height": 4, "ordinal": 4}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (5, 0, 2, 1, 1, 5, '2023-11-14 22:33:20+00', NULL, '{"branch": "b", "height": 2, "ordinal": 0}', NULL, 6);
INSERT INTO golden_v1.events VALUES (5, 1, 2, 2, 2, 7, '2023-11-14 22:33:20+00', NULL, '{"branch": "b", "height": 2, "ordinal": 1}', NULL, 6);
INSERT INTO golden_v1.events VALUES (5, 2, 2, 2, 3, 8, '2023-11-14 22:33:20+00', NULL, '{"branch": "b", "height": 2, "ordinal": 2}', NULL, 6);
INSERT INTO golden_v1.events VALUES (5, 3, 2, 1, 1, 6, '2023-11-14 22:33:20+00', NULL, '{"branch": "b", "height": 2, "ordinal": 3}', NULL, 6);
INSERT INTO golden_v1.events VALUES (5, 4, 2, 2, 2, 9, '2023-11-14 22:33:20+00', NULL, '{"branch": "b", "height": 2, "ordinal": 4}', NULL, 6);
INSERT INTO golden_v1.events VALUES (3, 0, 2, 1, 1, 5, '2023-11-14 22:33:20+00', NULL, '{"branch": "a", "height": 2, "ordinal": 0}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (3, 1, 2, 2, 2, 7, '2023-11-14 22:33:20+00', NULL, '{"branch": "a", "height": 2, "ordinal": 1}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (3, 2, 2, 2, 3, 8, '2023-11-14 22:33:20+00', NULL, '{"branch": "a", "height": 2, "ordinal": 2}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (3, 3, 2, 1, 1, 6, '2023-11-14 22:33:20+00', NULL, '{"branch": "a", "height": 2, "ordinal": 3}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (3, 4, 2, 2, 2, 9, '2023-11-14 22:33:20+00', NULL, '{"branch": "a", "height": 2, "ordinal": 4}', NULL, NULL);
INSERT INTO golden_v1.events VALUES (4, 0, 3, 1, 1, 7, '2023-11-14 22:43:20+00', NULL, '{"branch": "a", "height": 3, "ordinal": 0}', NULL, 7);
INSERT INTO golden_v1.events VALUES (4, 1, 3, 2, 2, 10, '2023-11-14 22:43:20+00', NULL, '{"branch": "a", "height": 3, "ordinal": 1}', NULL, 7);
INSERT INTO golden_v1.events VALUES (4, 2, 3, 2, 3, 11, '2023-11-14 22:43:20+00', NULL, '{"branch": "a", "height": 3, "ordinal": 2}', NULL, 7);
INSERT INTO golden_v1.events VALUES (4, 3, 3, 1, 1, 8, '2023-11-14 22:43:20+00', NULL, '{"branch": "a", "height": 3, "ordinal": 3}', NULL, 7);
INSERT INTO golden_v1.events VALUES (4, 4, 3, 2, 2, 12, '2023-11-14 22:43:20+00', NULL, '{"branch": "a", "height": 3, "ordinal": 4}', NULL, 7);

INSERT INTO golden_v1.everything VALUES (1, 0, 0, '2023-11-14 22:13:20+00', NULL, 'headers', '{"branch": "a", "height": 0, "ordinal": 0}');
INSERT INTO golden_v1.everything VALUES (1, 1, 0, '2023-11-14 22:13:20+00', NULL, 'utxo', '{"branch": "a", "height": 0, "ordinal": 1}');
INSERT INTO golden_v1.everything VALUES (1, 2, 0, '2023-11-14 22:13:20+00', NULL, 'utxo', '{"branch": "a", "height": 0, "ordinal": 2}');
INSERT INTO golden_v1.everything VALUES (1, 3, 0, '2023-11-14 22:13:20+00', NULL, 'headers', '{"branch": "a", "height": 0, "ordinal": 3}');
INSERT INTO golden_v1.everything VALUES (1, 4, 0, '2023-11-14 22:13:20+00', NULL, 'utxo', '{"branch": "a", "height": 0, "ordinal": 4}');
INSERT INTO golden_v1.everything VALUES (2, 0, 1, '2023-11-14 22:23:20+00', NULL, 'headers', '{"branch": "a", "height": 1, "ordinal": 0}');
INSERT INTO golden_v1.everything VALUES (2, 1, 1, '2023-11-14 22:23:20+00', NULL, 'utxo', '{"branch": "a", "height": 1, "ordinal": 1}');
INSERT INTO golden_v1.everything VALUES (2, 2, 1, '2023-11-14 22:23:20+00', NULL, 'utxo', '{"branch": "a", "height": 1, "ordinal": 2}');
INSERT INTO golden_v1.everything VALUES (2, 3, 1, '2023-11-14 22:23:20+00', NULL, 'headers', '{"branch": "a", "height": 1, "ordinal": 3}');
INSERT INTO golden_v1.everything VALUES (2, 4, 1, '2023-11-14 22:23:20+00', NULL, 'utxo', '{"branch": "a", "height": 1, "ordinal": 4}');
INSERT INTO golden_v1.everything VALUES (7, 0, 3, '2023-11-14 22:43:20+00', NULL, 'headers', '{"branch": "c", "height": 3, "ordinal": 0}');
INSERT INTO golden_v1.everything VALUES (7, 1, 3, '2023-11-14 22:43:20+00', NULL, 'utxo', '{"branch": "c", "height": 3, "ordinal": 1}');
INSERT INTO golden_v1.everything VALUES (7, 2, 3, '2023-11-14 22:43:20+00', NULL, 'utxo', '{"branch": "c", "height": 3, "ordinal": 2}');
INSERT INTO golden_v1.everything VALUES (7, 3, 3, '2023-11-14 22:43:20+00', NULL, 'headers', '{"branch": "c", "height": 3, "ordinal": 3}');
INSERT INTO golden_v1.everything VALUES (7, 4, 3, '2023-11-14 22:43:20+00', NULL, 'utxo', '{"branch": "c", "height": 3, "ordinal": 4}');
INSERT INTO golden_v1.everything VALUES (8, 0, 4, '2023-11-14 22:53:20+00', NULL, 'headers', '{"branch": "c", "height": 4, "ordinal": 0}');
INSERT INTO golden_v1.everything VALUES (8, 1, 4, '2023-11-14 22:53:20+00', NULL, 'utxo', '{"branch": "c", "height": 4, "ordinal": 1}');
INSERT INTO golden_v1.everything VALUES (8, 2, 4, '2023-11-14 22:53:20+00', NULL, 'utxo', '{"branch": "c", "height": 4, "ordinal": 2}');
INSERT INTO golden_v1.everything VALUES (8, 3, 4, '2023-11-14 22:53:20+00', NULL, 'headers', '{"branch": "c", "height": 4, "ordinal": 3}');
INSERT INTO golden_v1.everything VALUES (8, 4, 4, '2023-11-14 22:53:20+00', NULL, 'utxo', '{"branch": "c", "height": 4, "ordinal": 4}');
INSERT INTO golden_v1.everything VALUES (5, 0, 2, '2023-11-14 22:33:20+00', 6, 'headers', '{"branch": "b", "height": 2, "ordinal": 0}');
INSERT INTO golden_v1.everything VALUES (5, 1, 2, '2023-11-14 22:33:20+00', 6, 'utxo', '{"branch": "b", "height": 2, "ordinal": 1}');
INSERT INTO golden_v1.everything VALUES (5, 2, 2, '2023-11-14 22:33:20+00', 6, 'utxo', '{"branch": "b", "height": 2, "ordinal": 2}');
INSERT INTO golden_v1.everything VALUES (5, 3, 2, '2023-11-14 22:33:20+00', 6, 'headers', '{"branch": "b", "height": 2, "ordinal": 3}');
INSERT INTO golden_v1.everything VALUES (5, 4, 2, '2023-11-14 22:33:20+00', 6, 'utxo', '{"branch": "b", "height": 2, "ordinal": 4}');
INSERT INTO golden_v1.everything VALUES (3, 0, 2, '2023-11-14 22:33:20+00', NULL, 'headers', '{"branch": "a", "height": 2, "ordinal": 0}');
INSERT INTO golden_v1.everything VALUES (3, 1, 2, '2023-11-14 22:33:20+00', NULL, 'utxo', '{"branch": "a", "height": 2, "ordinal": 1}');
INSERT INTO golden_v1.everything VALUES (3, 2, 2, '2023-11-14 22:33:20+00', NULL, 'utxo', '{"branch": "a", "height": 2, "ordinal": 2}');
INSERT INTO golden_v1.everything VALUES (3, 3, 2, '2023-11-14 22:33:20+00', NULL, 'headers', '{"branch": "a", "height": 2, "ordinal": 3}');
INSERT INTO golden_v1.everything VALUES (3, 4, 2, '2023-11-14 22:33:20+00', NULL, 'utxo', '{"branch": "a", "height": 2, "ordinal": 4}');
INSERT INTO golden_v1.everything VALUES (4, 0, 3, '2023-11-14 22:43:20+00', 7, 'headers', '{"branch": "a", "height": 3, "ordinal": 0}');
INSERT INTO golden_v1.everything VALUES (4, 1, 3, '2023-11-14 22:43:20+00', 7, 'utxo', '{"branch": "a", "height": 3, "ordinal": 1}');
INSERT INTO golden_v1.everything VALUES (4, 2, 3, '2023-11-14 22:43:20+00', 7, 'utxo', '{"branch": "a", "height": 3, "ordinal": 2}');
INSERT INTO golden_v1.everything VALUES (4, 3, 3, '2023-11-14 22:43:20+00', 7, 'headers', '{"branch": "a", "height": 3, "ordinal": 3}');
INSERT INTO golden_v1.everything VALUES (4, 4, 3, '2023-11-14 22:43:20+00', 7, 'utxo', '{"branch": "a", "height": 3, "ordinal": 4}');

INSERT INTO golden_v1.models VALUES (1, 'headers');
INSERT INTO golden_v1.models VALUES (2, 'utxo');

INSERT INTO golden_v1.outputs VALUES (1, 1, 0, '2023-11-14 22:13:20+00', NULL, 0, 'a', 1);
INSERT INTO golden_v1.outputs VALUES (1, 2, 0, '2023-11-14 22:13:20+00', NULL, 0, 'a', 2);
INSERT INTO golden_v1.outputs VALUES (1, 4, 0, '2023-11-14 22:13:20+00', NULL, 0, 'a', 4);
INSERT INTO golden_v1.outputs VALUES (2, 1, 1, '2023-11-14 22:23:20+00', NULL, 1, 'a', 1);
INSERT INTO golden_v1.outputs VALUES (2, 2, 1, '2023-11-14 22:23:20+00', NULL, 1, 'a', 2);
INSERT INTO golden_v1.outputs VALUES (2, 4, 1, '2023-11-14 22:23:20+00', NULL, 1, 'a', 4);
INSERT INTO golden_v1.outputs VALUES (7, 1, 3, '2023-11-14 22:43:20+00', NULL, 3, 'c', 1);
INSERT INTO golden_v1.outputs VALUES (7, 2, 3, '2023-11-14 22:43:20+00', NULL, 3, 'c', 2);
INSERT INTO golden_v1.outputs VALUES (7, 4, 3, '2023-11-14 22:43:20+00', NULL, 3, 'c', 4);
INSERT INTO golden_v1.outputs VALUES (8, 1, 4, '2023-11-14 22:53:20+00', NULL, 4, 'c', 1);
INSERT INTO golden_v1.outputs VALUES (8, 2, 4, '2023-11-14 22:53:20+00', NULL, 4, 'c', 2);
INSERT INTO golden_v1.outputs VALUES (8, 4, 4, '2023-11-14 22:53:20+00', NULL, 4, 'c', 4);
INSERT INTO golden_v1.outputs VALUES (5, 1, 2, '2023-11-14 22:33:20+00', 6, 2, 'b', 1);
INSERT INTO golden_v1.outputs VALUES (5, 2, 2, '2023-11-14 22:33:20+00', 6, 2, 'b', 2);
INSERT INTO golden_v1.outputs VALUES (5, 4, 2, '2023-11-14 22:33:20+00', 6, 2, 'b', 4);
INSERT INTO golden_v1.outputs VALUES (3, 1, 2, '2023-11-14 22:33:20+00', NULL, 2, 'a', 1);
INSERT INTO golden_v1.outputs VALUES (3, 2, 2, '2023-11-14 22:33:20+00', NULL, 2, 'a', 2);
INSERT INTO golden_v1.outputs VALUES (3, 4, 2, '2023-11-14 22:33:20+00', NULL, 2, 'a', 4);
INSERT INTO golden_v1.outputs VALUES (4, 1, 3, '2023-11-14 22:43:20+00', 7, 3, 'a', 1);
INSERT INTO golden_v1.outputs VALUES (4, 2, 3, '2023-11-14 22:43:20+00', 7, 3, 'a', 2);
INSERT INTO golden_v1.outputs VALUES (4, 4, 3, '2023-11-14 22:43:20+00', 7, 3, 'a', 4);

INSERT INTO golden_v1.readopted_blocks VALUES (6, 3, 2);
INSERT INTO golden_v1.readopted_blocks VALUES (6, 4, 3);

INSERT INTO golden_v1.rollbacks VALUES (5, '2026-11-23 06:46:04.324188+00', 1, 2);
INSERT INTO golden_v1.rollbacks VALUES (6, '2026-11-23 06:46:04.324383+00', 1, 1);
INSERT INTO golden_v1.rollbacks VALUES (7, '2026-11-23 06:46:04.324541+00', 2, 1);

INSERT INTO golden_v1.state_event_counts VALUES ('headers', 'type.0', 10);
INSERT INTO golden_v1.state_event_counts VALUES ('utxo', 'type.2', 5);
INSERT INTO golden_v1.state_event_counts VALUES ('utxo', 'type.1', 10);

INSERT INTO golden_v1.tip VALUES (1, 8, 4, '\x6300000000000000000000000000000000000000000000000000000000000004', '2023-11-14 22:53:20+00');

INSERT INTO golden_v1.types VALUES (1, 'type.0');
INSERT INTO golden_v1.types VALUES (2, 'type.1');
INSERT INTO golden_v1.types VALUES (3, 'type.2');

INSERT INTO golden_v1.undone_blocks VALUES (5, 4, 3, '\x6100000000000000000000000000000000000000000000000000000000000003');
INSERT INTO golden_v1.undone_blocks VALUES (5, 3, 2, '\x6100000000000000000000000000000000000000000000000000000000000002');
INSERT INTO golden_v1.undone_blocks VALUES (6, 5, 2, '\x6200000000000000000000000000000000000000000000000000000000000002');
INSERT INTO golden_v1.undone_blocks VALUES (7, 4, 3, '\x6100000000000000000000000000000000000000000000000000000000000003');

ALTER TABLE ONLY golden_v1.ashlar_meta
    ADD CONSTRAINT ashlar_meta_pkey PRIMARY KEY (id);

ALTER TABLE ONLY golden_v1.blocks
    ADD CONSTRAINT blocks_pkey PRIMARY KEY (sequence);

ALTER TABLE ONLY golden_v1.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (sequence, ordinal);

ALTER TABLE ONLY golden_v1.everything
    ADD CONSTRAINT everything_pkey PRIMARY KEY (sequence, ordinal);

ALTER TABLE ONLY golden_v1.models
    ADD CONSTRAINT models_pkey PRIMARY KEY (id);

ALTER TABLE ONLY golden_v1.outputs
    ADD CONSTRAINT outputs_pkey PRIMARY KEY (sequence, ordinal);

ALTER TABLE ONLY golden_v1.readopted_blocks
    ADD CONSTRAINT readopted_blocks_pkey PRIMARY KEY (sequence, block_sequence);

ALTER TABLE ONLY golden_v1.rollbacks
    ADD CONSTRAINT rollbacks_pkey PRIMARY KEY (sequence);

ALTER TABLE ONLY golden_v1.state_event_counts
    ADD CONSTRAINT state_event_counts_pkey PRIMARY KEY (model, type);

ALTER TABLE ONLY golden_v1.tip
    ADD CONSTRAINT tip_pkey PRIMARY KEY (id);

ALTER TABLE ONLY golden_v1.types
    ADD CONSTRAINT types_pkey PRIMARY KEY (id);

ALTER TABLE ONLY golden_v1.undone_blocks
    ADD CONSTRAINT undone_blocks_pkey PRIMARY KEY (sequence, block_sequence);

CREATE INDEX blocks_hash ON golden_v1.blocks USING btree (hash);

CREATE INDEX blocks_height ON golden_v1.blocks USING btree (height, sequence);

CREATE INDEX blocks_time ON golden_v1.blocks USING btree ("time");

CREATE INDEX blocks_undone ON golden_v1.blocks USING btree (undone_by) WHERE (undone_by IS NOT NULL);

CREATE INDEX events_height ON golden_v1.events USING btree (height, sequence, ordinal) WHERE (undone_by IS NULL);

CREATE INDEX events_model ON golden_v1.events USING btree (model_id, type_id, height) WHERE (undone_by IS NULL);

CREATE INDEX events_request ON golden_v1.events USING btree (request_id) WHERE (request_id IS NOT NULL);

CREATE INDEX everything_height ON golden_v1.everything USING btree (height) WHERE (undone_by IS NULL);

CREATE UNIQUE INDEX models_name ON golden_v1.models USING btree (name);

CREATE INDEX outputs_at ON golden_v1.outputs USING btree (at) WHERE (undone_by IS NULL);

CREATE INDEX outputs_height ON golden_v1.outputs USING btree (height) WHERE (undone_by IS NULL);

CREATE INDEX readopted_blocks_block ON golden_v1.readopted_blocks USING btree (block_sequence);

CREATE UNIQUE INDEX types_name ON golden_v1.types USING btree (name);

CREATE INDEX undone_blocks_block ON golden_v1.undone_blocks USING btree (block_sequence);

