//! Plugins in Python: `componentize-py` starts the interpreter, imports the plugin and keeps what it then remembers.

use std::fs;
use std::path::Path;

use guanxi_domain::manifest::{Kind, Manifest};

use super::{Stamp, program, read, run, text_or_nothing, write};
use crate::PackageError;

const INSTALL: &str = "install Python 3.10 or newer with venv and pip";

/// The component of the project in `folder`, without its manifest.
pub(super) fn build(folder: &Path, target: &Path, kit: &Path, manifest: &Manifest) -> Result<Vec<u8>, PackageError> {
    let (sdk, wit) = (kit.join("sdk/python"), kit.join("wit"));
    let environment = target.join("python");
    prepare(folder, &environment, &sdk)?;
    let python = environment.join("bin/python");
    let kinds = manifest.kinds().into_iter().map(Kind::as_str);
    let mut world = program(&python, folder);
    world.env("PYTHONPATH", &sdk).args(["-B", "-m", "guanxi_plugin.world"]).args(kinds);
    let text = run("the import of the plugin", &mut world, INSTALL)?;
    // Several projects may share `target`, and with it the environment.
    let own = target.join(&manifest.name);
    let (world, component) = (own.join("world.wit"), own.join("component.wasm"));
    write(&world, text.as_bytes())?;
    let mut componentize = program(environment.join("bin/componentize-py"), folder);
    componentize.env("RUST_BACKTRACE", "0").env("VIRTUAL_ENV", &environment).arg("--quiet");
    componentize.arg("--wit-path").arg(wit).arg("--wit-path").arg(world).args(["--world", "guanxi:built/component"]);
    componentize.args(["componentize", "--python-path", "."]).arg("--python-path").arg(sdk);
    componentize.args(["--stub-wasi", "--output"]).arg(&component).arg("guanxi_plugin.component");
    run("componentize-py", &mut componentize, INSTALL).map_err(told)?;
    read(&component)
}

/// One environment a project, with the tool and what the plugin itself requires.
fn prepare(folder: &Path, environment: &Path, sdk: &Path) -> Result<(), PackageError> {
    let (tool, own) = (sdk.join("requirements.txt"), folder.join("requirements.txt"));
    let version = run("python3", program("python3", folder).arg("-VV"), INSTALL)?;
    let made_of = [version, text_or_nothing(&tool), text_or_nothing(&own)].concat();
    let stamp = Stamp { file: environment.join("made-of"), made_of };
    if stamp.holds() {
        return Ok(());
    }
    run("python3 -m venv", program("python3", folder).args(["-m", "venv", "--clear"]).arg(environment), INSTALL)?;
    let mut pip = program(environment.join("bin/pip"), folder);
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(tool);
    if fs::exists(&own).unwrap_or(false) {
        pip.arg("--requirement").arg(own);
    }
    run("pip", &mut pip, INSTALL)?;
    stamp.set()
}

/// What the plugin's own Python said, without the tool's trace around it.
fn told(error: PackageError) -> PackageError {
    let PackageError::Tool { tool, said } = error else { return error };
    let inner = said.split_once("AssertionError: ").map_or(said.as_str(), |(_, inner)| inner);
    let inner = inner.split_once("\n\nCaused by:").map_or(inner, |(inner, _)| inner);
    PackageError::Tool { tool, said: inner.trim().to_owned() }
}
