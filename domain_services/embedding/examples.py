"""Example of each request body of the embedding service, for its page /docs."""

from domain_services.kernel.web.openapi import Examples

EXAMPLES: Examples = {
    "POST /embed": {"text": "8 tasks, a team of 4, a sprint of two weeks"},
    "POST /embed/batch": {"texts": ["a sprint of two weeks", "a sprint of four weeks"]},
}
