"""The tests, one folder for each floor, and the type checker that they put under every function of the package."""

from beartype import BeartypeConf, beartype

# As PEP 484 and pyright have it: where a float is expected, an int will do.
typecheck = beartype(conf=BeartypeConf(is_pep484_tower=True))
