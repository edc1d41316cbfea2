"""The schemas of what bootwire prints for programs: doc/NAME.schema.json."""
import functools
import json

import jsonschema

from bootwire_testing import SOURCE


@functools.cache
def schema(name):
    return jsonschema.Draft7Validator(json.loads((SOURCE / f"doc/{name}.schema.json").read_text()))


def require(name, value):
    """The value is as the schema says; returns it."""
    schema(name).validate(value)
    return value
