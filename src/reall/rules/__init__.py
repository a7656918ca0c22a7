"""Rules: an SQL subset over facts, compiled into decision diagrams and evaluated over sets. Knows no medicine."""
