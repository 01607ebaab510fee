"""What a store publishes from M3 in its shop: the `publish` part of a store file. Read by connector/stores.py."""
