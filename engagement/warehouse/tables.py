"""The Delta tables: their columns, and nothing that tells who a customer is."""

import pyarrow as pa

MOMENT = pa.timestamp("us", tz="UTC")

EVENTS = pa.schema(
    [
        pa.field("customer", pa.int64(), nullable=False),  # the opaque internal id
        pa.field("event", pa.string(), nullable=False),
        pa.field("occurred_at", MOMENT, nullable=False),
        pa.field("received_at", MOMENT, nullable=False),
        pa.field("message_id", pa.string(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("currency", pa.string()),
        pa.field("properties", pa.map_(pa.string(), pa.string())),  # erasure rewrites them, nothing else does
    ]
)

EXPOSURES = pa.schema(
    [
        # The experiment's uid: a key can be taken once more, a uid cannot.
        pa.field("experiment", pa.string(), nullable=False),
        pa.field("customer", pa.int64(), nullable=False),
        pa.field("variant", pa.string(), nullable=False),
        pa.field("exposed_at", MOMENT, nullable=False),
        pa.field("propensity", pa.float64()),
        pa.field("batch", pa.int64()),
        pa.field("received_at", MOMENT),
    ]
)

SCHEMAS = {"events": EVENTS, "exposures": EXPOSURES}

CLOCKS = {"events": {"occurred_at": "occurred_us"}, "exposures": {"exposed_at": "exposed_us"}}  # see `Warehouse.table`
