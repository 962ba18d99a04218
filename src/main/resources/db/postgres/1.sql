CREATE TABLE users (
  user_id    integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name       text        NOT NULL,
  email      text        NOT NULL,
  -- The canonical form, by which addresses are compared; made by the service, not by a locale.
  email_key  text        COLLATE "C" NOT NULL UNIQUE,
  age        integer     NOT NULL,
  created_at timestamptz NOT NULL
);
