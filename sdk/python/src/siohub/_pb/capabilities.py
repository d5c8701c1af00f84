"""What the comments of the contract say of capabilities, made by generate.sh."""

CAPABILITIES: tuple[str, ...] = ('recovery',)
NEEDED_BY: dict[str, str] = {}
