//! What the tests find in their environment: a database, real counterparts, components, the binary.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::components::{self, Set};
use crate::counterparts::Counterparts;
use crate::postgres::{Durability, Postgres};
use crate::workspace::Workspace;
use crate::{build, frozen, process};

const DATABASE_URL: &str = "GUANXI_TEST_DATABASE_URL";

/// The variables, and the server behind one of them, which ends with this value.
pub struct Environment {
    variables: Vec<(&'static str, OsString)>,
    _postgres: Option<Postgres>,
}

impl Environment {
    /// Installs counterparts, builds what takes them, and starts PostgreSQL unless `GUANXI_TEST_DATABASE_URL` already names one.
    pub fn prepare(workspace: &Workspace, binary: &Path, durability: Durability) -> Result<Self> {
        let counterparts = Counterparts::ensure(workspace)?;
        frozen::build(workspace)?;
        let postgres = match env::var_os(DATABASE_URL) {
            Some(_) => None,
            None => Some(Postgres::start(durability)?),
        };
        let mut variables = vec![
            ("GUANXI_TEST_PYTHON", counterparts.python.into()),
            ("GUANXI_TEST_NODE_MODULES", counterparts.node_modules.into()),
            ("GUANXI_TEST_CHROMIUM", counterparts.chromium.into()),
            ("GUANXI_TEST_REGISTRY", counterparts.registry.into()),
            ("GUANXI_TEST_PLUGINS", Set::Plugins.output(workspace).into()),
            ("GUANXI_TEST_GUESTS", Set::Guests.output(workspace).into()),
            ("GUANXI_TEST_EXAMPLES", Set::Examples.output(workspace).into()),
            ("GUANXI_TEST_FROZEN", frozen::output(workspace).into()),
            ("GUANXI_TEST_BINARY", binary.into()),
        ];
        if let Some(postgres) = &postgres {
            variables.push((DATABASE_URL, postgres.url().into()));
        }
        Ok(Self { variables, _postgres: postgres })
    }

    /// Gives the variables to a command.
    pub fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.envs(self.variables.iter().map(|(name, value)| (name, value)))
    }
}

/// `cargo xtask with`: runs one command in the tests' environment.
pub fn run_with(workspace: &Workspace, command: &[String]) -> Result<()> {
    components::build(workspace, &[Set::Plugins, Set::Guests, Set::Examples])?;
    let binary = build::binary(workspace, false)?;
    let environment = Environment::prepare(workspace, &binary, Durability::Forgetful)?;
    let (program, arguments) = command.split_first().context("no command given")?;
    let mut command = Command::new(program);
    command.args(arguments).env("GUANXI_BUNDLE", Set::Plugins.output(workspace));
    process::run(environment.apply(&mut command))
}
