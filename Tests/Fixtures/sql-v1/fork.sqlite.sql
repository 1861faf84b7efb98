PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE IF NOT EXISTS "ashlar_meta" (
    "id" INTEGER NOT NULL,
    "store_id" TEXT NOT NULL,
    "store_format" TEXT NOT NULL,
    "schema_version" INTEGER NOT NULL,
    "cursor" TEXT NOT NULL,
    "selection" TEXT NOT NULL,
    "is_loading" INTEGER NOT NULL,
    "updated_at" INTEGER NOT NULL,
    PRIMARY KEY ("id"),
    CHECK (id = 1)
) STRICT;
INSERT INTO ashlar_meta VALUES(1,'6cd5af49829e650b4fc036ed6c4c1f03','1.0',1,'c1.6cd5af49829e650b4fc036ed6c4c1f03.8.bb5bed0b45400ae3','models all; heights all; undone blocks kept; a view per model; map "outputs","everything" 47dccdd896b92e97; state tables "event-counts" 1 (model text,type text,events integer)',0,1795619757806716);
CREATE TABLE IF NOT EXISTS "tip" (
    "id" INTEGER NOT NULL,
    "sequence" INTEGER NOT NULL,
    "height" INTEGER,
    "hash" BLOB,
    "time" INTEGER,
    PRIMARY KEY ("id"),
    CHECK (id = 1)
) STRICT;
INSERT INTO tip VALUES(1,8,4,X'6300000000000000000000000000000000000000000000000000000000000004',1700002400000000);
CREATE TABLE IF NOT EXISTS "models" (
    "id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    PRIMARY KEY ("id")
) STRICT;
INSERT INTO models VALUES(1,'headers');
INSERT INTO models VALUES(2,'utxo');
CREATE TABLE IF NOT EXISTS "types" (
    "id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    PRIMARY KEY ("id")
) STRICT;
INSERT INTO types VALUES(1,'type.0');
INSERT INTO types VALUES(2,'type.1');
INSERT INTO types VALUES(3,'type.2');
CREATE TABLE IF NOT EXISTS "blocks" (
    "sequence" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    "hash" BLOB NOT NULL,
    "parent" BLOB NOT NULL,
    "time" INTEGER NOT NULL,
    "appended_at" INTEGER NOT NULL,
    "chain_value" INTEGER NOT NULL,
    "request_id" BLOB,
    "event_count" INTEGER NOT NULL,
    "undone_by" INTEGER,
    PRIMARY KEY ("sequence"),
    CHECK (undone_by > sequence)
) STRICT;
INSERT INTO blocks VALUES(1,0,X'6100000000000000000000000000000000000000000000000000000000000000',X'610000000000000000000000000000000000000000000000ffffffffffffffff',1700000000000000,1795416364323874,1146778188526178427,NULL,5,NULL);
INSERT INTO blocks VALUES(2,1,X'6100000000000000000000000000000000000000000000000000000000000001',X'6100000000000000000000000000000000000000000000000000000000000000',1700000600000000,1795416364323971,5492332833556248080,NULL,5,NULL);
INSERT INTO blocks VALUES(3,2,X'6100000000000000000000000000000000000000000000000000000000000002',X'6100000000000000000000000000000000000000000000000000000000000001',1700001200000000,1795416364324015,2837365277271440304,NULL,5,NULL);
INSERT INTO blocks VALUES(4,3,X'6100000000000000000000000000000000000000000000000000000000000003',X'6100000000000000000000000000000000000000000000000000000000000002',1700001800000000,1795416364324056,-4050305437999453944,NULL,5,7);
INSERT INTO blocks VALUES(5,2,X'6200000000000000000000000000000000000000000000000000000000000002',X'6100000000000000000000000000000000000000000000000000000000000001',1700001200000000,1795416364324188,-6612318011245750041,NULL,5,6);
INSERT INTO blocks VALUES(7,3,X'6300000000000000000000000000000000000000000000000000000000000003',X'6100000000000000000000000000000000000000000000000000000000000002',1700001800000000,1795416364324541,6497234972868358134,NULL,5,NULL);
INSERT INTO blocks VALUES(8,4,X'6300000000000000000000000000000000000000000000000000000000000004',X'6300000000000000000000000000000000000000000000000000000000000003',1700002400000000,1795416364324586,-4946099133074109725,NULL,5,NULL);
CREATE TABLE IF NOT EXISTS "events" (
    "sequence" INTEGER NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "height" INTEGER,
    "model_id" INTEGER NOT NULL,
    "type_id" INTEGER NOT NULL,
    "version" INTEGER,
    "time" INTEGER NOT NULL,
    "request_id" BLOB,
    "payload" TEXT,
    "payload_bytes" BLOB,
    "undone_by" INTEGER,
    PRIMARY KEY ("sequence", "ordinal"),
    CHECK ((payload IS NULL) <> (payload_bytes IS NULL)),
    CHECK (undone_by > sequence)
) STRICT;
INSERT INTO events VALUES(1,0,0,1,1,1,1700000000000000,NULL,'{"height":0,"branch":"a","ordinal":0}',NULL,NULL);
INSERT INTO events VALUES(1,1,0,2,2,1,1700000000000000,NULL,'{"height":0,"branch":"a","ordinal":1}',NULL,NULL);
INSERT INTO events VALUES(1,2,0,2,3,2,1700000000000000,NULL,'{"height":0,"branch":"a","ordinal":2}',NULL,NULL);
INSERT INTO events VALUES(1,3,0,1,1,2,1700000000000000,NULL,'{"height":0,"branch":"a","ordinal":3}',NULL,NULL);
INSERT INTO events VALUES(1,4,0,2,2,3,1700000000000000,NULL,'{"height":0,"branch":"a","ordinal":4}',NULL,NULL);
INSERT INTO events VALUES(2,0,1,1,1,3,1700000600000000,NULL,'{"height":1,"branch":"a","ordinal":0}',NULL,NULL);
INSERT INTO events VALUES(2,1,1,2,2,4,1700000600000000,NULL,'{"height":1,"branch":"a","ordinal":1}',NULL,NULL);
INSERT INTO events VALUES(2,2,1,2,3,5,1700000600000000,NULL,'{"height":1,"branch":"a","ordinal":2}',NULL,NULL);
INSERT INTO events VALUES(2,3,1,1,1,4,1700000600000000,NULL,'{"height":1,"branch":"a","ordinal":3}',NULL,NULL);
INSERT INTO events VALUES(2,4,1,2,2,6,1700000600000000,NULL,'{"height":1,"branch":"a","ordinal":4}',NULL,NULL);
INSERT INTO events VALUES(3,0,2,1,1,5,1700001200000000,NULL,'{"height":2,"branch":"a","ordinal":0}',NULL,NULL);
INSERT INTO events VALUES(3,1,2,2,2,7,1700001200000000,NULL,'{"height":2,"branch":"a","ordinal":1}',NULL,NULL);
INSERT INTO events VALUES(3,2,2,2,3,8,1700001200000000,NULL,'{"height":2,"branch":"a","ordinal":2}',NULL,NULL);
INSERT INTO events VALUES(3,3,2,1,1,6,1700001200000000,NULL,'{"height":2,"branch":"a","ordinal":3}',NULL,NULL);
INSERT INTO events VALUES(3,4,2,2,2,9,1700001200000000,NULL,'{"height":2,"branch":"a","ordinal":4}',NULL,NULL);
INSERT INTO events VALUES(4,0,3,1,1,7,1700001800000000,NULL,'{"height":3,"branch":"a","ordinal":0}',NULL,7);
INSERT INTO events VALUES(4,1,3,2,2,10,1700001800000000,NULL,'{"height":3,"branch":"a","ordinal":1}',NULL,7);
INSERT INTO events VALUES(4,2,3,2,3,11,1700001800000000,NULL,'{"height":3,"branch":"a","ordinal":2}',NULL,7);
INSERT INTO events VALUES(4,3,3,1,1,8,1700001800000000,NULL,'{"height":3,"branch":"a","ordinal":3}',NULL,7);
INSERT INTO events VALUES(4,4,3,2,2,12,1700001800000000,NULL,'{"height":3,"branch":"a","ordinal":4}',NULL,7);
INSERT INTO events VALUES(5,0,2,1,1,5,1700001200000000,NULL,'{"height":2,"branch":"b","ordinal":0}',NULL,6);
INSERT INTO events VALUES(5,1,2,2,2,7,1700001200000000,NULL,'{"height":2,"branch":"b","ordinal":1}',NULL,6);
INSERT INTO events VALUES(5,2,2,2,3,8,1700001200000000,NULL,'{"height":2,"branch":"b","ordinal":2}',NULL,6);
INSERT INTO events VALUES(5,3,2,1,1,6,1700001200000000,NULL,'{"height":2,"branch":"b","ordinal":3}',NULL,6);
INSERT INTO events VALUES(5,4,2,2,2,9,1700001200000000,NULL,'{"height":2,"branch":"b","ordinal":4}',NULL,6);
INSERT INTO events VALUES(7,0,3,1,1,7,1700001800000000,NULL,'{"height":3,"branch":"c","ordinal":0}',NULL,NULL);
INSERT INTO events VALUES(7,1,3,2,2,10,1700001800000000,NULL,'{"height":3,"branch":"c","ordinal":1}',NULL,NULL);
INSERT INTO events VALUES(7,2,3,2,3,11,1700001800000000,NULL,'{"height":3,"branch":"c","ordinal":2}',NULL,NULL);
INSERT INTO events VALUES(7,3,3,1,1,8,1700001800000000,NULL,'{"height":3,"branch":"c","ordinal":3}',NULL,NULL);
INSERT INTO events VALUES(7,4,3,2,2,12,1700001800000000,NULL,'{"height":3,"branch":"c","ordinal":4}',NULL,NULL);
INSERT INTO events VALUES(8,0,4,1,1,9,1700002400000000,NULL,'{"height":4,"branch":"c","ordinal":0}',NULL,NULL);
INSERT INTO events VALUES(8,1,4,2,2,13,1700002400000000,NULL,'{"height":4,"branch":"c","ordinal":1}',NULL,NULL);
INSERT INTO events VALUES(8,2,4,2,3,14,1700002400000000,NULL,'{"height":4,"branch":"c","ordinal":2}',NULL,NULL);
INSERT INTO events VALUES(8,3,4,1,1,10,1700002400000000,NULL,'{"height":4,"branch":"c","ordinal":3}',NULL,NULL);
INSERT INTO events VALUES(8,4,4,2,2,15,1700002400000000,NULL,'{"height":4,"branch":"c","ordinal":4}',NULL,NULL);
CREATE TABLE IF NOT EXISTS "rollbacks" (
    "sequence" INTEGER NOT NULL,
    "appended_at" INTEGER NOT NULL,
    "to_height" INTEGER NOT NULL,
    "undone_count" INTEGER NOT NULL,
    PRIMARY KEY ("sequence")
) STRICT;
INSERT INTO rollbacks VALUES(5,1795416364324188,1,2);
INSERT INTO rollbacks VALUES(6,1795416364324383,1,1);
INSERT INTO rollbacks VALUES(7,1795416364324541,2,1);
CREATE TABLE IF NOT EXISTS "undone_blocks" (
    "sequence" INTEGER NOT NULL,
    "block_sequence" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    "hash" BLOB NOT NULL,
    PRIMARY KEY ("sequence", "block_sequence")
) STRICT;
INSERT INTO undone_blocks VALUES(5,4,3,X'6100000000000000000000000000000000000000000000000000000000000003');
INSERT INTO undone_blocks VALUES(5,3,2,X'6100000000000000000000000000000000000000000000000000000000000002');
INSERT INTO undone_blocks VALUES(6,5,2,X'6200000000000000000000000000000000000000000000000000000000000002');
INSERT INTO undone_blocks VALUES(7,4,3,X'6100000000000000000000000000000000000000000000000000000000000003');
CREATE TABLE IF NOT EXISTS "readopted_blocks" (
    "sequence" INTEGER NOT NULL,
    "block_sequence" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    PRIMARY KEY ("sequence", "block_sequence")
) STRICT;
INSERT INTO readopted_blocks VALUES(6,3,2);
INSERT INTO readopted_blocks VALUES(6,4,3);
CREATE TABLE IF NOT EXISTS "outputs" (
    "sequence" INTEGER NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "height" INTEGER,
    "time" INTEGER,
    "undone_by" INTEGER,
    "at" INTEGER,
    "branch" TEXT,
    "total" TEXT,
    PRIMARY KEY ("sequence", "ordinal")
) STRICT;
INSERT INTO outputs VALUES(1,1,0,1700000000000000,NULL,0,'a','000000000000000000000000000000000000000000000000000000000000000000000000000001');
INSERT INTO outputs VALUES(1,2,0,1700000000000000,NULL,0,'a','000000000000000000000000000000000000000000000000000000000000000000000000000002');
INSERT INTO outputs VALUES(1,4,0,1700000000000000,NULL,0,'a','000000000000000000000000000000000000000000000000000000000000000000000000000004');
INSERT INTO outputs VALUES(2,1,1,1700000600000000,NULL,1,'a','000000000000000000000000000000000000000000000000000000000000000000000000000001');
INSERT INTO outputs VALUES(2,2,1,1700000600000000,NULL,1,'a','000000000000000000000000000000000000000000000000000000000000000000000000000002');
INSERT INTO outputs VALUES(2,4,1,1700000600000000,NULL,1,'a','000000000000000000000000000000000000000000000000000000000000000000000000000004');
INSERT INTO outputs VALUES(3,1,2,1700001200000000,NULL,2,'a','000000000000000000000000000000000000000000000000000000000000000000000000000001');
INSERT INTO outputs VALUES(3,2,2,1700001200000000,NULL,2,'a','000000000000000000000000000000000000000000000000000000000000000000000000000002');
INSERT INTO outputs VALUES(3,4,2,1700001200000000,NULL,2,'a','000000000000000000000000000000000000000000000000000000000000000000000000000004');
INSERT INTO outputs VALUES(4,1,3,1700001800000000,7,3,'a','000000000000000000000000000000000000000000000000000000000000000000000000000001');
INSERT INTO outputs VALUES(4,2,3,1700001800000000,7,3,'a','000000000000000000000000000000000000000000000000000000000000000000000000000002');
INSERT INTO outputs VALUES(4,4,3,1700001800000000,7,3,'a','000000000000000000000000000000000000000000000000000000000000000000000000000004');
INSERT INTO outputs VALUES(5,1,2,1700001200000000,6,2,'b','000000000000000000000000000000000000000000000000000000000000000000000000000001');
INSERT INTO outputs VALUES(5,2,2,1700001200000000,6,2,'b','000000000000000000000000000000000000000000000000000000000000000000000000000002');
INSERT INTO outputs VALUES(5,4,2,1700001200000000,6,2,'b','000000000000000000000000000000000000000000000000000000000000000000000000000004');
INSERT INTO outputs VALUES(7,1,3,1700001800000000,NULL,3,'c','000000000000000000000000000000000000000000000000000000000000000000000000000001');
INSERT INTO outputs VALUES(7,2,3,1700001800000000,NULL,3,'c','000000000000000000000000000000000000000000000000000000000000000000000000000002');
INSERT INTO outputs VALUES(7,4,3,1700001800000000,NULL,3,'c','000000000000000000000000000000000000000000000000000000000000000000000000000004');
INSERT INTO outputs VALUES(8,1,4,1700002400000000,NULL,4,'c','000000000000000000000000000000000000000000000000000000000000000000000000000001');
INSERT INTO outputs VALUES(8,2,4,1700002400000000,NULL,4,'c','000000000000000000000000000000000000000000000000000000000000000000000000000002');
INSERT INTO outputs VALUES(8,4,4,1700002400000000,NULL,4,'c','000000000000000000000000000000000000000000000000000000000000000000000000000004');
CREATE TABLE IF NOT EXISTS "everything" (
    "sequence" INTEGER NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "height" INTEGER,
    "time" INTEGER,
    "undone_by" INTEGER,
    "source" TEXT,
    "whole" TEXT,
    PRIMARY KEY ("sequence", "ordinal")
) STRICT;
INSERT INTO everything VALUES(1,0,0,1700000000000000,NULL,'headers','{"height":0,"branch":"a","ordinal":0}');
INSERT INTO everything VALUES(1,1,0,1700000000000000,NULL,'utxo','{"height":0,"branch":"a","ordinal":1}');
INSERT INTO everything VALUES(1,2,0,1700000000000000,NULL,'utxo','{"height":0,"branch":"a","ordinal":2}');
INSERT INTO everything VALUES(1,3,0,1700000000000000,NULL,'headers','{"height":0,"branch":"a","ordinal":3}');
INSERT INTO everything VALUES(1,4,0,1700000000000000,NULL,'utxo','{"height":0,"branch":"a","ordinal":4}');
INSERT INTO everything VALUES(2,0,1,1700000600000000,NULL,'headers','{"height":1,"branch":"a","ordinal":0}');
INSERT INTO everything VALUES(2,1,1,1700000600000000,NULL,'utxo','{"height":1,"branch":"a","ordinal":1}');
INSERT INTO everything VALUES(2,2,1,1700000600000000,NULL,'utxo','{"height":1,"branch":"a","ordinal":2}');
INSERT INTO everything VALUES(2,3,1,1700000600000000,NULL,'headers','{"height":1,"branch":"a","ordinal":3}');
INSERT INTO everything VALUES(2,4,1,1700000600000000,NULL,'utxo','{"height":1,"branch":"a","ordinal":4}');
INSERT INTO everything VALUES(3,0,2,1700001200000000,NULL,'headers','{"height":2,"branch":"a","ordinal":0}');
INSERT INTO everything VALUES(3,1,2,1700001200000000,NULL,'utxo','{"height":2,"branch":"a","ordinal":1}');
INSERT INTO everything VALUES(3,2,2,1700001200000000,NULL,'utxo','{"height":2,"branch":"a","ordinal":2}');
INSERT INTO everything VALUES(3,3,2,1700001200000000,NULL,'headers','{"height":2,"branch":"a","ordinal":3}');
INSERT INTO everything VALUES(3,4,2,1700001200000000,NULL,'utxo','{"height":2,"branch":"a","ordinal":4}');
INSERT INTO everything VALUES(4,0,3,1700001800000000,7,'headers','{"height":3,"branch":"a","ordinal":0}');
INSERT INTO everything VALUES(4,1,3,1700001800000000,7,'utxo','{"height":3,"branch":"a","ordinal":1}');
INSERT INTO everything VALUES(4,2,3,1700001800000000,7,'utxo','{"height":3,"branch":"a","ordinal":2}');
INSERT INTO everything VALUES(4,3,3,1700001800000000,7,'headers','{"height":3,"branch":"a","ordinal":3}');
INSERT INTO everything VALUES(4,4,3,1700001800000000,7,'utxo','{"height":3,"branch":"a","ordinal":4}');
INSERT INTO everything VALUES(5,0,2,1700001200000000,6,'headers','{"height":2,"branch":"b","ordinal":0}');
INSERT INTO everything VALUES(5,1,2,1700001200000000,6,'utxo','{"height":2,"branch":"b","ordinal":1}');
INSERT INTO everything VALUES(5,2,2,1700001200000000,6,'utxo','{"height":2,"branch":"b","ordinal":2}');
INSERT INTO everything VALUES(5,3,2,1700001200000000,6,'headers','{"height":2,"branch":"b","ordinal":3}');
INSERT INTO everything VALUES(5,4,2,1700001200000000,6,'utxo','{"height":2,"branch":"b","ordinal":4}');
INSERT INTO everything VALUES(7,0,3,1700001800000000,NULL,'headers','{"height":3,"branch":"c","ordinal":0}');
INSERT INTO everything VALUES(7,1,3,1700001800000000,NULL,'utxo','{"height":3,"branch":"c","ordinal":1}');
INSERT INTO everything VALUES(7,2,3,1700001800000000,NULL,'utxo','{"height":3,"branch":"c","ordinal":2}');
INSERT INTO everything VALUES(7,3,3,1700001800000000,NULL,'headers','{"height":3,"branch":"c","ordinal":3}');
INSERT INTO everything VALUES(7,4,3,1700001800000000,NULL,'utxo','{"height":3,"branch":"c","ordinal":4}');
INSERT INTO everything VALUES(8,0,4,1700002400000000,NULL,'headers','{"height":4,"branch":"c","ordinal":0}');
INSERT INTO everything VALUES(8,1,4,1700002400000000,NULL,'utxo','{"height":4,"branch":"c","ordinal":1}');
INSERT INTO everything VALUES(8,2,4,1700002400000000,NULL,'utxo','{"height":4,"branch":"c","ordinal":2}');
INSERT INTO everything VALUES(8,3,4,1700002400000000,NULL,'headers','{"height":4,"branch":"c","ordinal":3}');
INSERT INTO everything VALUES(8,4,4,1700002400000000,NULL,'utxo','{"height":4,"branch":"c","ordinal":4}');
CREATE TABLE IF NOT EXISTS "state_event_counts" (
    "model" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "events" INTEGER NOT NULL,
    PRIMARY KEY ("model", "type")
) STRICT;
INSERT INTO state_event_counts VALUES('headers','type.0',10);
INSERT INTO state_event_counts VALUES('utxo','type.1',10);
INSERT INTO state_event_counts VALUES('utxo','type.2',5);
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 VALUES('everything','everything_height','25 5');
INSERT INTO sqlite_stat1 VALUES('everything','sqlite_autoindex_everything_1','35 5 1');
INSERT INTO sqlite_stat1 VALUES('readopted_blocks','readopted_blocks_block','2 1');
INSERT INTO sqlite_stat1 VALUES('readopted_blocks','sqlite_autoindex_readopted_blocks_1','2 2 1');
INSERT INTO sqlite_stat1 VALUES('ashlar_meta',NULL,'1');
INSERT INTO sqlite_stat1 VALUES('tip',NULL,'1');
INSERT INTO sqlite_stat1 VALUES('outputs','outputs_at','15 3');
INSERT INTO sqlite_stat1 VALUES('outputs','outputs_height','15 3');
INSERT INTO sqlite_stat1 VALUES('outputs','sqlite_autoindex_outputs_1','21 3 1');
INSERT INTO sqlite_stat1 VALUES('models','models_name','2 1');
INSERT INTO sqlite_stat1 VALUES('types','types_name','3 1');
INSERT INTO sqlite_stat1 VALUES('blocks','blocks_undone','2 1');
INSERT INTO sqlite_stat1 VALUES('blocks','blocks_time','7 2');
INSERT INTO sqlite_stat1 VALUES('blocks','blocks_hash','7 1');
INSERT INTO sqlite_stat1 VALUES('blocks','blocks_height','7 2 1');
INSERT INTO sqlite_stat1 VALUES('events','events_model','25 13 9 2');
INSERT INTO sqlite_stat1 VALUES('events','events_height','25 5 5 1');
INSERT INTO sqlite_stat1 VALUES('events','sqlite_autoindex_events_1','35 5 1');
INSERT INTO sqlite_stat1 VALUES('state_event_counts','sqlite_autoindex_state_event_counts_1','3 2 1');
INSERT INTO sqlite_stat1 VALUES('rollbacks',NULL,'3');
INSERT INTO sqlite_stat1 VALUES('undone_blocks','undone_blocks_block','4 2');
INSERT INTO sqlite_stat1 VALUES('undone_blocks','sqlite_autoindex_undone_blocks_1','4 2 1');
CREATE VIEW "canonical_blocks" AS SELECT sequence, height, hash, parent, time, appended_at, request_id, event_count FROM blocks WHERE undone_by IS NULL;
CREATE VIEW "canonical_events" AS SELECT e.sequence, e.ordinal, e.height, m.name AS model, t.name AS type, e.version, e.time, e.request_id, e.payload, e.payload_bytes FROM events e LEFT JOIN models m ON m.id = e.model_id LEFT JOIN types t ON t.id = e.type_id WHERE e.undone_by IS NULL AND e.height IS NOT NULL;
CREATE VIEW "floating_events" AS SELECT e.sequence, e.ordinal, m.name AS model, t.name AS type, e.time, e.request_id, e.payload, e.payload_bytes FROM events e LEFT JOIN models m ON m.id = e.model_id LEFT JOIN types t ON t.id = e.type_id WHERE e.height IS NULL;
CREATE VIEW "reorgs" AS SELECT u.sequence, r.appended_at, u.height, u.block_sequence AS old_sequence, u.hash AS old_hash, n.sequence AS new_sequence, n.hash AS new_hash FROM undone_blocks u JOIN rollbacks r ON r.sequence = u.sequence LEFT JOIN blocks n ON n.sequence = (SELECT c.block_sequence FROM (SELECT sequence AS since, sequence AS block_sequence, height FROM blocks UNION ALL SELECT sequence, block_sequence, height FROM readopted_blocks) c WHERE c.height = u.height AND c.since >= u.sequence ORDER BY c.since LIMIT 1);
CREATE VIEW "canonical_outputs" AS SELECT * FROM "outputs" WHERE undone_by IS NULL AND height IS NOT NULL;
CREATE VIEW "canonical_everything" AS SELECT * FROM "everything" WHERE undone_by IS NULL AND height IS NOT NULL;
CREATE VIEW "model_1_headers" AS SELECT e.sequence, e.ordinal, e.height, t.name AS type, e.version, e.time, e.request_id, e.payload, e.payload_bytes FROM events e LEFT JOIN types t ON t.id = e.type_id WHERE e.model_id = 1 AND e.undone_by IS NULL AND e.height IS NOT NULL;
CREATE VIEW "model_2_utxo" AS SELECT e.sequence, e.ordinal, e.height, t.name AS type, e.version, e.time, e.request_id, e.payload, e.payload_bytes FROM events e LEFT JOIN types t ON t.id = e.type_id WHERE e.model_id = 2 AND e.undone_by IS NULL AND e.height IS NOT NULL;
CREATE UNIQUE INDEX "models_name" ON "models" ("name");
CREATE UNIQUE INDEX "types_name" ON "types" ("name");
CREATE INDEX "blocks_height" ON "blocks" ("height", "sequence");
CREATE INDEX "blocks_hash" ON "blocks" ("hash");
CREATE INDEX "blocks_time" ON "blocks" ("time");
CREATE INDEX "blocks_undone" ON "blocks" ("undone_by") WHERE undone_by IS NOT NULL;
CREATE INDEX "events_height" ON "events" ("height", "sequence", "ordinal") WHERE undone_by IS NULL;
CREATE INDEX "events_model" ON "events" ("model_id", "type_id", "height") WHERE undone_by IS NULL;
CREATE INDEX "events_request" ON "events" ("request_id") WHERE request_id IS NOT NULL;
CREATE INDEX "undone_blocks_block" ON "undone_blocks" ("block_sequence");
CREATE INDEX "readopted_blocks_block" ON "readopted_blocks" ("block_sequence");
CREATE INDEX "outputs_height" ON "outputs" ("height") WHERE undone_by IS NULL;
CREATE INDEX "outputs_at" ON "outputs" ("at") WHERE undone_by IS NULL;
CREATE INDEX "everything_height" ON "everything" ("height") WHERE undone_by IS NULL;
COMMIT;
