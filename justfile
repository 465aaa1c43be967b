# What CI runs: every job, or those that are named.
ci *jobs:
    bash .ci/run {{jobs}}

# The jobs of CI, and what each is for.
jobs:
    @bash .ci/run --list

# The commands of the README.
demo *args:
    cargo run --release -- demo {{args}}

test:
    cargo test --workspace --release

lint:
    bash .ci/lint

# Switches checks off, one at a time, and sees a test fail for each.
checks *lists:
    python3 .ci/checks.py {{lists}}

# Long forms: every mutation, full-size ledgers, many kills.
full:
    WUFU_FULL=1 cargo test --workspace --release
