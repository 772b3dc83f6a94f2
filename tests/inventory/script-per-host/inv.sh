#!/bin/sh
case $1 in
--list) echo '{"g": {"hosts": ["h1", "h2", "h3"]}, "k": ["h4", "h1"]}';;
--host) [ "$2" = h3 ] || echo "{\"name\": \"$2\", \"n\": ${2#h}}";;
esac
