#!/bin/sh
echo boo >&2; exit 3
