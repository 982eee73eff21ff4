"""The records, outcomes and rules of the field: values, without a clock or a socket."""
