//! `frontdesk template list|render|lint`: the texts that customers get.

use serde_json::{Value, json};

use super::setup;
use crate::cli::args::{Common, TemplateVerb};
use crate::cli::output::{Exit, Failure, Printer};

/// Does it.
///
/// # Errors
/// The configuration cannot be used, or there is no such text.
pub fn template(common: &Common, verb: &TemplateVerb, printer: &Printer) -> Result<Exit, Failure> {
    let setup = setup::load(&setup::config_path(common)?, printer, "Nothing was shown.")?;
    let templates = &setup.live.policy.templates;
    let own = |name: &str, language: &str| setup.config.template_sources.contains_key(&(name.to_owned(), language.to_owned()));
    match verb {
        TemplateVerb::List => {
            let rows = templates.names().flat_map(|name| {
                let languages = templates.languages(name).iter();
                languages.map(move |language| (name.to_owned(), language.clone()))
            });
            let rows: Vec<(String, String, &str)> = rows
                .map(|(name, language)| {
                    let whose = if own(&name, &language) { "yours" } else { "built in" };
                    (name, language, whose)
                })
                .collect();
            if printer.json {
                let shown =
                    rows.iter().map(|(name, language, whose)| json!({ "name": name, "language": language, "from": whose }));
                printer.value(&Value::Array(shown.collect()));
            } else {
                let rows: Vec<Vec<String>> =
                    rows.into_iter().map(|(name, language, whose)| vec![name, language, whose.to_owned()]).collect();
                printer.table(&["NAME", "LANGUAGE", "FROM"], &rows);
                printer.hint("write templates/<language>/<name>.txt beside the configuration to replace a text");
            }
            Ok(Exit::Good)
        }
        TemplateVerb::Render { name, language } => {
            let language = language.clone().unwrap_or_else(|| setup.live.policy.company.languages[0].clone());
            if !templates.has(name) {
                let known: Vec<&str> = templates.names().collect();
                return Err(Failure::new(Exit::Usage, format!("there is no text `{name}`; there are: {}", known.join(", "))));
            }
            let rendered = templates.render_sample(name, &language);
            let (language, rendered) = rendered.map_err(|problem| Failure::new(Exit::BadConfig, shown(&problem)))?;
            if printer.json {
                printer.value(&json!({ "language": language, "subject": rendered.subject, "text": rendered.text }));
                return Ok(Exit::Good);
            }
            if let Some(subject) = rendered.subject {
                printer.line(&format!("Subject: {subject}\n"));
            }
            printer.line(rendered.text.trim_end());
            Ok(Exit::Good)
        }
        TemplateVerb::Lint => {
            let mut found: Vec<String> = templates.lint().iter().map(shown).collect();
            for name in templates.names() {
                let missing =
                    setup.live.policy.company.languages.iter().filter(|language| !templates.languages(name).contains(language));
                found.extend(missing.map(|language| format!("{name}: no text in {language}; another language serves")));
            }
            if printer.json {
                printer.value(&json!(found));
            } else {
                for line in &found {
                    printer.line(line);
                }
                printer.hint(&format!("{} texts, {} findings", templates.names().count(), found.len()));
            }
            Ok(if found.is_empty() { Exit::Good } else { Exit::Findings })
        }
    }
}

fn shown(problem: &desk::template::TemplateProblem) -> String {
    let line = problem.line.map_or_else(String::new, |line| format!(":{line}"));
    format!("templates/{}/{}.txt{line}: {}", problem.language, problem.name, problem.what)
}
