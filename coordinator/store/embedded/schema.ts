/** Schema of the file database. Entry n brings a file from version n to n + 1; an entry that was released is never edited. */
export const MIGRATIONS: readonly string[] = [`
  CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, lane TEXT NOT NULL, priority INTEGER NOT NULL, deadline INTEGER NOT NULL,
    memory INTEGER NOT NULL, payload TEXT NOT NULL, state TEXT NOT NULL, enqueued_at INTEGER NOT NULL, not_before INTEGER NOT NULL,
    attempts TEXT NOT NULL, failures INTEGER NOT NULL, token INTEGER NOT NULL, prover TEXT, expires_at INTEGER, avoid TEXT, result TEXT
  );
  CREATE INDEX jobs_waiting ON jobs (lane, priority DESC, deadline, seq) WHERE state = 'waiting';
  CREATE INDEX jobs_leased ON jobs (expires_at) WHERE state = 'leased';
  CREATE INDEX jobs_state ON jobs (state, seq);
  CREATE TABLE documents (
    collection TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, state TEXT NOT NULL, sort REAL NOT NULL, version INTEGER NOT NULL,
    PRIMARY KEY (collection, id)
  ) WITHOUT ROWID;
  CREATE INDEX documents_state ON documents (collection, state, sort, id);
  CREATE TABLE log (sequence INTEGER PRIMARY KEY, body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL);
  CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID
`];
