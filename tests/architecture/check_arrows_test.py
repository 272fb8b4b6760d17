"""The arrow check finds what it is there to find: each planted break must be reported, clean trees pass."""
import pathlib
import subprocess
import sys
import tempfile

CHECK = sys.argv[1]
CASES = [
    # (file, content, expected to pass)
    ("libs/base/src/a.cpp", '#include "unhidra/base/error.h"\n#include <vector>\n', True),
    ("libs/base/src/a.cpp", '#include "unhidra/crypto/hash.h"\n', False),
    ("libs/net/src/a.cpp", '#include "unhidra/storage/database.h"\n', False),
    ("libs/net/src/a.cpp", '#include <boost/beast/http.hpp>\n', True),
    ("libs/net/include/unhidra/net/a.h", '#include <boost/beast/http.hpp>\n', False),
    ("libs/storage/src/a.cpp", '#include <openssl/evp.h>\n', False),
    ("libs/e2ee/src/a.cpp", '#include <thread>\n', False),
    ("libs/e2ee/src/a.cpp", 'auto t = std::chrono::system_clock::now();\n', False),
    ("libs/e2ee/tests/a_test.cpp", '#include "unhidra/testkit/fake_clock.h"\n', True),
    ("libs/e2ee/src/a.cpp", '#include "unhidra/testkit/fake_clock.h"\n', False),
    ("services/chat/src/a.cpp", '#include "unhidra/e2ee/session.h"\n', False),
    ("services/chat/src/a.cpp", '#include "unhidra/auth/accounts.h"\n', False),
    ("services/chat/src/a.cpp", '#include "unhidra/storage/database.h"\n', True),
    ("libs/nowhere/src/a.cpp", '#include <vector>\n', False),
]

failed = 0
for name, content, should_pass in CASES:
    with tempfile.TemporaryDirectory() as root:
        path = pathlib.Path(root, name)
        path.parent.mkdir(parents=True)
        path.write_text(content)
        run = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True)
        if (run.returncode == 0) != should_pass:
            failed += 1
            print(f"{name}: {content!r} should {'pass' if should_pass else 'fail'}:\n{run.stdout}")
print(f"{len(CASES) - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
