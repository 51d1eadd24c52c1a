#!/bin/sh
exec sed -i -e 's/example.test\/web:1/example.test\/web:edited/' -e 's/hello/good bye/' "$1"
