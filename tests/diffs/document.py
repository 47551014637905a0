"""The document that is changed: small, with one of everything that the comparison looks at."""

import json
from typing import Any

import yaml

from tests.diffs.edit import Path

_TEXT = """
openapi: 3.0.3
info: {title: Things, version: 1.0.0, description: About things.}
servers: [{url: /}]
security: [{bearer: []}]
paths:
  /v1/things:
    get:
      operationId: list_things
      summary: List things
      tags: [things]
      x-public: true
      x-rate-limit: none
      x-cache: {policy: things, tags: [things]}
      security: []
      parameters:
        - name: limit
          in: query
          required: false
          schema: {type: integer, format: int32, minimum: 1, maximum: 100, default: 20}
        - {name: colour, in: query, required: true, schema: {$ref: '#/components/schemas/Colour'}}
        - {name: tags, in: query, schema: {type: array, items: {type: string}}}
        - {name: If-None-Match, in: header, required: false, deprecated: true, schema: {type: string}}
      responses:
        '200':
          description: Things.
          content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Thing'}}}}
    post:
      operationId: create_thing
      tags: [things, writes]
      x-permission: [things:write, things:read]
      x-rate-limit: write
      x-idempotency: accepted
      x-precondition: accepted
      x-audit: thing.created
      x-executor: hashing
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/NewThing'}
            examples: {one: {value: {name: Lamp}}}
          application/xml: {schema: {$ref: '#/components/schemas/NewThing'}}
      responses:
        '201':
          description: Created.
          headers:
            ETag: {required: true, schema: {type: string}}
            X-Colour: {schema: {$ref: '#/components/schemas/Hue'}}
          content:
            application/json: {schema: {$ref: '#/components/schemas/Thing'}}
            application/xml: {schema: {$ref: '#/components/schemas/Thing'}}
          links: {read: {operationId: get_thing, parameters: {thing_id: $response.body#/id}}}
        '202': {description: Accepted.}
        '409': {description: Conflict., content: {application/json: {schema: {$ref: '#/components/schemas/Problem'}}}}
  /v1/things/{thing_id}:
    parameters:
      - {name: thing_id, in: path, required: true, schema: {type: string}}
    get:
      operationId: get_thing
      tags: [things]
      x-permission: things:read
      x-owner: thing_id
      x-paginated: offset
      responses:
        '200': {description: A thing., content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
    put:
      operationId: replace_thing
      tags: [things]
      x-permission: things:write
      x-idempotency: required
      x-precondition: required
      x-step-up: recent
      parameters: [{name: If-Match, in: header, required: true, schema: {type: string}}]
      requestBody:
        content: {multipart/form-data: {schema: {type: object, properties: {name: {type: string}}}}}
      responses: {'204': {description: Done.}}
    delete:
      operationId: delete_thing
      tags: [things]
      deprecated: true
      x-permission: things:write
      x-sunset: '2030-01-01'
      responses: {'204': {description: Gone.}}
  /v1/old:
    delete:
      operationId: delete_old
      tags: [things]
      deprecated: true
      x-permission: things:write
      x-sunset: {'on': '2020-01-01', since: '2019-01-01'}
      responses: {'204': {description: Gone.}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer, description: A token.}}
  schemas:
    Colour: {type: string, enum: [red, green, blue]}
    Hue: {type: string}
    PermissionName: {type: string, enum: [things:read, things:write]}
    ProblemCode: {type: string, enum: [NOT_FOUND, TAKEN]}
    Problem: {type: object, required: [code], properties: {code: {$ref: '#/components/schemas/ProblemCode'}}}
    Square: {type: object, properties: {side: {type: number}}}
    Circle: {type: object, properties: {radius: {type: number}}}
    NewThing: {type: object, additionalProperties: false, required: [name, size], properties: &properties
      {name: {type: string, minLength: 1, maxLength: 40, pattern: '^[a-z]+$', description: Its name., example: Lamp},
       size: {type: integer, format: int32, minimum: 1, maximum: 10},
       weight: {type: number, format: double, multipleOf: 2},
       colour: {type: string, enum: [red, green]},
       made: {type: string, format: date-time},
       note: {type: string, nullable: true, x-format: single-line},
       parts: {type: array, uniqueItems: true, minItems: 1, maxItems: 9, items: {type: string}},
       labels: {type: object, maxProperties: 9, additionalProperties: {type: string}},
       grants: {type: array, items: {$ref: '#/components/schemas/PermissionName'}},
       shape: {oneOf: [{$ref: '#/components/schemas/Square'}, {$ref: '#/components/schemas/Circle'}]},
       either: {anyOf: [{maxLength: 4}, {type: integer}]},
       active: {type: boolean, default: true},
       owner: {type: string, x-write-permission: things:give},
       inner: {nullable: true, allOf: [{$ref: '#/components/schemas/Square'}]},
       free: {description: Anything.}}}
    Thing: {type: object, additionalProperties: false, required: [name, size], properties: *properties}
"""

DOCUMENT: dict[str, Any] = json.loads(json.dumps(yaml.safe_load(_TEXT)))
"""The document before every change."""

LIST: Path = ("paths", "/v1/things", "get")
CREATE: Path = ("paths", "/v1/things", "post")
READ: Path = ("paths", "/v1/things/{thing_id}", "get")
REPLACE: Path = ("paths", "/v1/things/{thing_id}", "put")
DELETE: Path = ("paths", "/v1/things/{thing_id}", "delete")
OLD: Path = ("paths", "/v1/old", "delete")
SCHEMAS: Path = ("components", "schemas")
REQUEST: Path = (*SCHEMAS, "NewThing")
RESPONSE: Path = (*SCHEMAS, "Thing")
BODY: Path = (*CREATE, "requestBody")
CREATED: Path = (*CREATE, "responses", "201")
