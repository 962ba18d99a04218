-- AUTOINCREMENT: an id is never given twice, even when the user with the largest is gone.
CREATE TABLE users (
  user_id    INTEGER PRIMARY KEY AUTOINCREMENT CHECK (user_id <= 2147483647),
  name       TEXT    NOT NULL,
  email      TEXT    NOT NULL,
  email_key  TEXT    NOT NULL UNIQUE, -- the canonical form, by which addresses are compared
  age        INTEGER NOT NULL,
  created_at TEXT    NOT NULL         -- RFC 3339 in UTC
) STRICT;
