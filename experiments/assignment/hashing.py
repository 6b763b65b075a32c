"""A customer's number under a salt."""

from collections.abc import Sequence
from itertools import repeat
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

FloatArray = NDArray[np.float64]
LEFT_OUT = 11  # of 64 bits; a float holds the other 53 exactly


def unit(salt: UUID, customer: str) -> float:
    """A number in [0, 1): even over customers, independent between salts, the same on every machine.

    Source: XXH3 by Yann Collet, 64 bits, seeded with half of the salt.
    """
    return (xxh3_64_intdigest(customer.encode(), seed(salt)) >> LEFT_OUT) * 2.0**-53


def units(salt: UUID, keys: Sequence[bytes]) -> FloatArray:
    """`unit` of each customer, in their order; their names encoded, for several salts ask about the same ones."""
    digests = np.fromiter(map(xxh3_64_intdigest, keys, repeat(seed(salt))), np.uint64, len(keys))
    return np.asarray((digests >> np.uint64(LEFT_OUT)) * 2.0**-53, dtype=np.float64)


def encoded(customers: Sequence[str]) -> list[bytes]:
    return [customer.encode() for customer in customers]


def seed(salt: UUID) -> int:
    """Both halves of a random UUID hold fixed bits; together they leave none fixed that the other has random."""
    return (salt.int >> 64) ^ (salt.int & 0xFFFF_FFFF_FFFF_FFFF)
