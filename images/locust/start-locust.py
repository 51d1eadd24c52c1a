# Debian builds Locust without its version, and a master takes workers without one for older than 2.0. Any version will do: all are this machine's.
import importlib.util
import pathlib
import sys
import types

spec = importlib.util.find_spec("locust")
if spec is None:
    sys.exit("Locust is not installed for this machine's python3: apt-get install -y python3-locust")
source = pathlib.Path(spec.origin).with_name("_version.py")
found = {}
if source.exists():
    exec(source.read_text(), found)
if not found.get("version"):
    module = types.ModuleType("locust._version")
    module.version = "2.0.0"
    sys.modules["locust._version"] = module

from locust.main import main

sys.argv[0] = "locust"
main()
