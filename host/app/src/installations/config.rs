//! Configurations: completed with the schema's defaults, and checked against the schema.

use guanxi_domain::caller::{Caller, Scope};
use guanxi_domain::limits::CONFIG_BYTES_MAX;
use guanxi_domain::manifest::Manifest;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use crate::{App, AppError, Problem};

/// The most problems of a configuration that are told at once.
const PROBLEMS_MAX: usize = 20;

impl App {
    /// What is wrong with a configuration of an installation, as saving it would tell; nothing is changed. Needs `install`.
    pub async fn check_config(
        &self,
        caller: &Caller,
        slug: &str,
        name: &str,
        config: Value,
    ) -> Result<Vec<Problem>, AppError> {
        let tenant = self.tenant_for(caller, slug, Scope::Install).await?;
        let manifest = self.installation_of(caller, tenant.id, name).await?.plugin.manifest;
        let mut problems = Vec::new();
        checked_config(&manifest, config, &mut problems);
        Ok(problems)
    }
}

/// Fills in the defaults of the schema's top level.
pub fn with_defaults(manifest: &Manifest, mut config: Value) -> Value {
    let properties = manifest.config.as_ref().and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    if let Some(object) = config.as_object_mut() {
        for (name, property) in properties.into_iter().flatten() {
            if let (false, Some(default)) = (object.contains_key(name), property.get("default")) {
                object.insert(name.clone(), default.clone());
            }
        }
    }
    config
}

/// The configuration with its defaults, checked against the schema.
pub(crate) fn checked_config(manifest: &Manifest, config: Value, problems: &mut Vec<Problem>) -> Value {
    let config = if config.is_null() { Value::Object(serde_json::Map::new()) } else { config };
    if !config.is_object() {
        problems.push(Problem::new("config", "give a JSON object"));
        return config;
    }
    let config = with_defaults(manifest, config);
    if config.to_string().len() > CONFIG_BYTES_MAX {
        problems.push(Problem::new("config", format!("has more than {CONFIG_BYTES_MAX} bytes")));
        return config;
    }
    let Some(schema) = &manifest.config else { return config };
    match jsonschema::validator_for(schema) {
        Ok(validator) => {
            problems.extend(validator.iter_errors(&config).take(PROBLEMS_MAX).map(|error| problem(&error)))
        }
        Err(error) => problems.push(Problem::new("config", format!("the plugin's schema is broken: {error}"))),
    }
    config
}

/// What is wrong, at the setting that is to be changed: what is missing is told where it should stand.
fn problem(error: &ValidationError<'_>) -> Problem {
    let mut at = format!("config{}", error.instance_path());
    if let ValidationErrorKind::Required { property: Value::String(name) } = error.kind() {
        at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    }
    Problem::new(at, error.to_string())
}
