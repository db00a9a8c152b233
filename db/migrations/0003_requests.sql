-- One request is found by its id.

CREATE INDEX usage_request ON usage (request_id);
