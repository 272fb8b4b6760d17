-- When what is known of a device has changed last, so that brokers that were not told see it.
ALTER TABLE device_registry ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX device_registry_by_change ON device_registry (changed_at);
