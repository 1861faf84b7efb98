
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
)
PARTITION BY RANGE (height);

CREATE TABLE golden_v1.blocks_0_1 (
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

CREATE TABLE golden_v1.blocks_2_3 (
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
)
PARTITION BY RANGE (height);

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

CREATE TABLE golden_v1.events_0_1 (
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

CREATE TABLE golden_v1.events_2_3 (
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

CREATE TABLE golden_v1.events_floating (
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
    CONSTRAINT events_check1 CHECK ((undone_by > sequence)),
    CONSTRAINT events_floating_height_check CHECK ((height IS NULL))
);

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

CREATE TABLE golden_v1.tip (
    id bigint NOT NULL,
    sequence bigint NOT NULL,
    height bigint,
    hash bytea,
    "time" timestamp with time zone,
    CONSTRAINT tip_id_check CHECK ((id = 1))
);

ALTER TABLE ONLY golden_v1.blocks ATTACH PARTITION golden_v1.blocks_0_1 FOR VALUES FROM ('0') TO ('2');

ALTER TABLE ONLY golden_v1.blocks ATTACH PARTITION golden_v1.blocks_2_3 FOR VALUES FROM ('2') TO ('4');

ALTER TABLE ONLY golden_v1.events ATTACH PARTITION golden_v1.events_0_1 FOR VALUES FROM ('0') TO ('2');

ALTER TABLE ONLY golden_v1.events ATTACH PARTITION golden_v1.events_2_3 FOR VALUES FROM ('2') TO ('4');

ALTER TABLE ONLY golden_v1.events ATTACH PARTITION golden_v1.events_floating DEFAULT;

INSERT INTO golden_v1.ashlar_meta VALUES (1, 'b6d80f65b0ccbc9dd4b3344ce2722da7', '1.0', 1, 'c1.b6d80f65b0ccbc9dd4b3344ce2722da7.9.1e72ac42a0179ef2', 'models all; heights all; undone blocks kept', 0, '2026-11-25 15:16:18.929282+00');

INSERT INTO golden_v1.blocks_0_1 VALUES (2, 0, '\x6100000000000000000000000000000000000000000000000000000000000000', '\x610000000000000000000000000000000000000000000000ffffffffffffffff', '2023-11-14 22:13:20+00', '2026-11-23 06:46:04.302491+00', -3513298833116696428, '\x726571756573742d31', 4, NULL);
INSERT INTO golden_v1.blocks_0_1 VALUES (3, 1, '\x6100000000000000000000000000000000000000000000000000000000000001', '\x6100000000000000000000000000000000000000000000000000000000000000', '2023-11-14 22:23:20+00', '2026-11-23 06:46:04.302621+00', 8172602106361116336, NULL, 0, NULL);

INSERT INTO golden_v1.blocks_2_3 VALUES (8, 2, '\x6100000000000000000000000000000000000000000000000000000000000002', '\x6100000000000000000000000000000000000000000000000000000000000001', '2023-11-14 22:33:20+00', '2026-11-23 06:46:04.306028+00', -6049100728835677535, NULL, 6, NULL);
INSERT INTO golden_v1.blocks_2_3 VALUES (9, 3, '\x6100000000000000000000000000000000000000000000000000000000000003', '\x6100000000000000000000000000000000000000000000000000000000000002', '2023-11-14 22:43:20+00', '2026-11-23 06:46:04.307626+00', 2194005370636574450, NULL, 6, NULL);
INSERT INTO golden_v1.blocks_2_3 VALUES (6, 2, '\x6100000000000000000000000000000000000000000000000000000000000002', '\x6100000000000000000000000000000000000000000000000000000000000001', '2023-11-14 22:33:20+00', '2026-11-23 06:46:04.303327+00', 6539485066933447025, NULL, 5, 7);

INSERT INTO golden_v1.events_0_1 VALUES (2, 0, 0, 1, 1, 1, '2023-11-14 22:13:20+00', '\x726571756573742d31', '{}', NULL, NULL);
INSERT INTO golden_v1.events_0_1 VALUES (2, 1, 0, 2, 2, 1, '1970-01-01 00:00:01+00', '\x726571756573742d31', NULL, '\x00ff00', NULL);
INSERT INTO golden_v1.events_0_1 VALUES (2, 2, 0, 1, 1, 2, '2023-11-14 22:13:20+00', '\x6f776e', NULL, '\x', NULL);
INSERT INTO golden_v1.events_0_1 VALUES (2, 3, 0, 2, 3, 2, '1969-12-31 23:59:59.999995+00', '\x01', NULL, '\x78', NULL);

INSERT INTO golden_v1.events_2_3 VALUES (8, 0, 2, 2, 1, 3, '2023-11-14 22:33:20+00', NULL, NULL, '\x7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d', NULL);
INSERT INTO golden_v1.events_2_3 VALUES (8, 1, 2, 2, 1, 4, '2023-11-14 22:33:20+00', NULL, NULL, '\x7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d', NULL);
INSERT INTO golden_v1.events_2_3 VALUES (8, 2, 2, 2, 1, 5, '2023-11-14 22:33:20+00', NULL, NULL, '\x7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d', NULL);
INSERT INTO golden_v1.events_2_3 VALUES (8, 3, 2, 1, 1, 3, '2023-11-14 22:33:20+00', NULL, NULL, '\x2e', NULL);
INSERT INTO golden_v1.events_2_3 VALUES (8, 4, 2, 2, 1, 6, '2023-11-14 22:33:20+00', NULL, NULL, '\x7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d', NULL);
INSERT INTO golden_v1.events_2_3 VALUES (8, 5, 2, 2, 1, 7, '2023-11-14 22:33:20+00', NULL, NULL, '\x7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d', NULL);
INSERT INTO golden_v1.events_2_3 VALUES (9, 0, 3, 2, 1, 8, '2023-11-14 22:43:20+00', NULL, NULL, '\x7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d', NULL);
INSERT INTO golden_v1.events_2_3 VALUES (9, 1, 3, 2, 1, 9, '2023-11-14 22:43:20+00', NULL, NULL, '\x7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d', NULL);
INSERT INTO golden_v1.events_2_3 VALUES (9, 2, 3, 2, 1, 10, '2023-11-14 22:43:20+00', NULL, NULL, '\x7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d', NULL);
INSERT INTO golden_v1.events_2_3 VALUES (9, 3, 3, 1, 1, 4, '2023-11-14 22:43:20+00', NULL, NULL, '\x2e', NULL);
INSERT INTO golden_v1.events_2_3 VALUES (9, 4, 3, 2, 1, 11, '2023-11-14 22:43:20+00', NULL, NULL, '\x7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d', NULL);
INSERT INTO golden_v1.events_2_3 VALUES (9, 5, 3, 2, 1, 12, '2023-11-14 22:43:20+00', NULL, NULL, '\x7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d7b2261646472657373223a2230783030303030303030303030303030303030303030303030303030303030303030227d', NULL);
INSERT INTO golden_v1.events_2_3 VALUES (6, 0, 2, 1, 1, 3, '2023-11-14 22:33:20+00', NULL, '{"branch": "a", "height": 2, "ordinal": 0}', NULL, 7);
INSERT INTO golden_v1.events_2_3 VALUES (6, 1, 2, 2, 5, 3, '2023-11-14 22:33:20+00', NULL, '{"branch": "a", "height": 2, "ordinal": 1}', NULL, 7);
INSERT INTO golden_v1.events_2_3 VALUES (6, 2, 2, 2, 6, 4, '2023-11-14 22:33:20+00', NULL, '{"branch": "a", "height": 2, "ordinal": 2}', NULL, 7);
INSERT INTO golden_v1.events_2_3 VALUES (6, 3, 2, 1, 1, 4, '2023-11-14 22:33:20+00', NULL, '{"branch": "a", "height": 2, "ordinal": 3}', NULL, 7);
INSERT INTO golden_v1.events_2_3 VALUES (6, 4, 2, 2, 5, 5, '2023-11-14 22:33:20+00', NULL, '{"branch": "a", "height": 2, "ordinal": 4}', NULL, 7);

INSERT INTO golden_v1.events_floating VALUES (4, 0, NULL, 3, 4, NULL, '2023-11-14 22:13:20+00', NULL, NULL, '\x7478', NULL);

INSERT INTO golden_v1.models VALUES (1, 'headers');
INSERT INTO golden_v1.models VALUES (2, 'utxo');
INSERT INTO golden_v1.models VALUES (3, 'mempool');

INSERT INTO golden_v1.rollbacks VALUES (7, '2026-11-23 06:46:04.303487+00', 1, 1);

INSERT INTO golden_v1.tip VALUES (1, 9, 3, '\x6100000000000000000000000000000000000000000000000000000000000003', '2023-11-14 22:43:20+00');

INSERT INTO golden_v1.types VALUES (1, 'type.0');
INSERT INTO golden_v1.types VALUES (2, 'output.created');
INSERT INTO golden_v1.types VALUES (3, 'output.spent');
INSERT INTO golden_v1.types VALUES (4, 'seen');
INSERT INTO golden_v1.types VALUES (5, 'type.1');
INSERT INTO golden_v1.types VALUES (6, 'type.2');

INSERT INTO golden_v1.undone_blocks VALUES (7, 6, 2, '\x6100000000000000000000000000000000000000000000000000000000000002');

ALTER TABLE ONLY golden_v1.ashlar_meta
    ADD CONSTRAINT ashlar_meta_pkey PRIMARY KEY (id);

ALTER TABLE ONLY golden_v1.blocks
    ADD CONSTRAINT blocks_pkey PRIMARY KEY (sequence, height);

ALTER TABLE ONLY golden_v1.blocks_0_1
    ADD CONSTRAINT blocks_0_1_pkey PRIMARY KEY (sequence, height);

ALTER TABLE ONLY golden_v1.blocks_2_3
    ADD CONSTRAINT blocks_2_3_pkey PRIMARY KEY (sequence, height);

ALTER TABLE ONLY golden_v1.models
    ADD CONSTRAINT models_pkey PRIMARY KEY (id);

ALTER TABLE ONLY golden_v1.readopted_blocks
    ADD CONSTRAINT readopted_blocks_pkey PRIMARY KEY (sequence, block_sequence);

ALTER TABLE ONLY golden_v1.rollbacks
    ADD CONSTRAINT rollbacks_pkey PRIMARY KEY (sequence);

ALTER TABLE ONLY golden_v1.tip
    ADD CONSTRAINT tip_pkey PRIMARY KEY (id);

ALTER TABLE ONLY golden_v1.types
    ADD CONSTRAINT types_pkey PRIMARY KEY (id);

ALTER TABLE ONLY golden_v1.undone_blocks
    ADD CONSTRAINT undone_blocks_pkey PRIMARY KEY (sequence, block_sequence);

CREATE INDEX blocks_hash ON ONLY golden_v1.blocks USING btree (hash);

CREATE INDEX blocks_0_1_hash_idx ON golden_v1.blocks_0_1 USING btree (hash);

CREATE INDEX blocks_height ON ONLY golden_v1.blocks USING btree (height, sequence);

CREATE INDEX blocks_0_1_height_sequence_idx ON golden_v1.blocks_0_1 USING btree (height, sequence);

CREATE INDEX blocks_time ON ONLY golden_v1.blocks USING btree ("time");

CREATE INDEX blocks_0_1_time_idx ON golden_v1.blocks_0_1 USING btree ("time");

CREATE INDEX blocks_undone ON ONLY golden_v1.blocks USING btree (undone_by) WHERE (undone_by IS NOT NULL);

CREATE INDEX blocks_0_1_undone_by_idx ON golden_v1.blocks_0_1 USING btree (undone_by) WHERE (undone_by IS NOT NULL);

CREATE INDEX blocks_2_3_hash_idx ON golden_v1.blocks_2_3 USING btree (hash);

CREATE INDEX blocks_2_3_height_sequence_idx ON golden_v1.blocks_2_3 USING btree (height, sequence);

CREATE INDEX blocks_2_3_time_idx ON golden_v1.blocks_2_3 USING btree ("time");

CREATE INDEX blocks_2_3_undone_by_idx ON golden_v1.blocks_2_3 USING btree (undone_by) WHERE (undone_by IS NOT NULL);

CREATE INDEX events_height ON ONLY golden_v1.events USING btree (height, sequence, ordinal) WHERE (undone_by IS NULL);

CREATE INDEX events_0_1_height_sequence_ordinal_idx ON golden_v1.events_0_1 USING btree (height, sequence, ordinal) WHERE (undone_by IS NULL);

CREATE INDEX events_model ON ONLY golden_v1.events USING btree (model_id, type_id, height) WHERE (undone_by IS NULL);

CREATE INDEX events_0_1_model_id_type_id_height_idx ON golden_v1.events_0_1 USING btree (model_id, type_id, height) WHERE (undone_by IS NULL);

CREATE INDEX events_request ON ONLY golden_v1.events USING btree (request_id) WHERE (request_id IS NOT NULL);

CREATE INDEX events_0_1_request_id_idx ON golden_v1.events_0_1 USING btree (request_id) WHERE (request_id IS NOT NULL);

CREATE UNIQUE INDEX events_key ON ONLY golden_v1.events USING btree (sequence, ordinal, height);

CREATE UNIQUE INDEX events_0_1_sequence_ordinal_height_idx ON golden_v1.events_0_1 USING btree (sequence, ordinal, height);

CREATE INDEX events_2_3_height_sequence_ordinal_idx ON golden_v1.events_2_3 USING btree (height, sequence, ordinal) WHERE (undone_by IS NULL);

CREATE INDEX events_2_3_model_id_type_id_height_idx ON golden_v1.events_2_3 USING btree (model_id, type_id, height) WHERE (undone_by IS NULL);

CREATE INDEX events_2_3_request_id_idx ON golden_v1.events_2_3 USING btree (request_id) WHERE (request_id IS NOT NULL);

CREATE UNIQUE INDEX events_2_3_sequence_ordinal_height_idx ON golden_v1.events_2_3 USING btree (sequence, ordinal, height);

CREATE INDEX events_floating_height_sequence_ordinal_idx ON golden_v1.events_floating USING btree (height, sequence, ordinal) WHERE (undone_by IS NULL);

CREATE UNIQUE INDEX events_floating_key ON golden_v1.events_floating USING btree (sequence, ordinal);

CREATE INDEX events_floating_model_id_type_id_height_idx ON golden_v1.events_floating USING btree (model_id, type_id, height) WHERE (undone_by IS NULL);

CREATE INDEX events_floating_request_id_idx ON golden_v1.events_floating USING btree (request_id) WHERE (request_id IS NOT NULL);

CREATE UNIQUE INDEX events_floating_sequence_ordinal_height_idx ON golden_v1.events_floating USING btree (sequence, ordinal, height);

CREATE UNIQUE INDEX models_name ON golden_v1.models USING btree (name);

CREATE INDEX readopted_blocks_block ON golden_v1.readopted_blocks USING btree (block_sequence);

CREATE UNIQUE INDEX types_name ON golden_v1.types USING btree (name);

CREATE INDEX undone_blocks_block ON golden_v1.undone_blocks USING btree (block_sequence);

ALTER INDEX golden_v1.blocks_hash ATTACH PARTITION golden_v1.blocks_0_1_hash_idx;

ALTER INDEX golden_v1.blocks_height ATTACH PARTITION golden_v1.blocks_0_1_height_sequence_idx;

ALTER INDEX golden_v1.blocks_pkey ATTACH PARTITION golden_v1.blocks_0_1_pkey;

ALTER INDEX golden_v1.blocks_time ATTACH PARTITION golden_v1.blocks_0_1_time_idx;

ALTER INDEX golden_v1.blocks_undone ATTACH PARTITION golden_v1.blocks_0_1_undone_by_idx;

ALTER INDEX golden_v1.blocks_hash ATTACH PARTITION golden_v1.blocks_2_3_hash_idx;

ALTER INDEX golden_v1.blocks_height ATTACH PARTITION golden_v1.blocks_2_3_height_sequence_idx;

ALTER INDEX golden_v1.blocks_pkey ATTACH PARTITION golden_v1.blocks_2_3_pkey;

ALTER INDEX golden_v1.blocks_time ATTACH PARTITION golden_v1.blocks_2_3_time_idx;

ALTER INDEX golden_v1.blocks_undone ATTACH PARTITION golden_v1.blocks_2_3_undone_by_idx;

ALTER INDEX golden_v1.events_height ATTACH PARTITION golden_v1.events_0_1_height_sequence_ordinal_idx;

ALTER INDEX golden_v1.events_model ATTACH PARTITION golden_v1.events_0_1_model_id_type_id_height_idx;

ALTER INDEX golden_v1.events_request ATTACH PARTITION golden_v1.events_0_1_request_id_idx;

ALTER INDEX golden_v1.events_key ATTACH PARTITION golden_v1.events_0_1_sequence_ordinal_height_idx;

ALTER INDEX golden_v1.events_height ATTACH PARTITION golden_v1.events_2_3_height_sequence_ordinal_idx;

ALTER INDEX golden_v1.events_model ATTACH PARTITION golden_v1.events_2_3_model_id_type_id_height_idx;

ALTER INDEX golden_v1.events_request ATTACH PARTITION golden_v1.events_2_3_request_id_idx;

ALTER INDEX golden_v1.events_key ATTACH PARTITION golden_v1.events_2_3_sequence_ordinal_height_idx;

ALTER INDEX golden_v1.events_height ATTACH PARTITION golden_v1.events_floating_height_sequence_ordinal_idx;

ALTER INDEX golden_v1.events_model ATTACH PARTITION golden_v1.events_floating_model_id_type_id_height_idx;

ALTER INDEX golden_v1.events_request ATTACH PARTITION golden_v1.events_floating_request_id_idx;

ALTER INDEX golden_v1.events_key ATTACH PARTITION golden_v1.events_floating_sequence_ordinal_height_idx;

