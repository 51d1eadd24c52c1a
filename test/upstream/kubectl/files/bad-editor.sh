#!/bin/sh
exec sed -i -e 's/replicas: 0/replicas: many/' "$1"
