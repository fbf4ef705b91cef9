"""What the components of ODPF share: contracts (names, states, errors, records), ports, and the AWS adapters."""

__version__ = "0.1.0"
