-- What a chat's calls cost is looked up by when they began: a client may use one id for ever.
DROP INDEX egress_request;
CREATE INDEX egress_request ON egress (request_id, instance_id, at_ms) WHERE request_id <> '';
