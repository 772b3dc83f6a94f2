#!/bin/sh
echo '{"a": [}'
