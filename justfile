# Runs the jobs of CI: all of them, or those that are named.
ci *jobs:
    bash .ci/run {{jobs}}

# Lists the jobs of CI with their purpose.
jobs:
    @bash .ci/run --list

# Runs the demo, the first command of the README.
demo *args:
    cargo run --release -- demo {{args}}

test:
    cargo test --workspace --release

lint:
    bash .ci/lint

# Disables checks, one at a time, and expects a test to fail for each.
checks *lists:
    python3 .ci/checks.py {{lists}}

# Runs the long forms of the tests: every mutation, full-size ledgers, many kills.
full:
    WUFU_FULL=1 cargo test --workspace --release
