// Cotejo as a monitoring mixin: https://monitoring.mixins.dev
//
//   (import 'cotejo/dashboards/mixin.libsonnet') + { _config+:: { runbooks: 'https://wiki.example/cotejo/' } }
local boards = {
  en: [import 'en/night.json', import 'en/area.json', import 'en/pipeline.json'],
  es: [import 'es/night.json', import 'es/area.json', import 'es/pipeline.json'],
};
local groups = std.parseYaml(importstr 'prometheus/rules/cotejo.yml').groups;
local kept(kind, change) = [
  group { rules: [change(rule) for rule in group.rules if kind in rule] }
  for group in groups
  if std.length([rule for rule in group.rules if kind in rule]) > 0
];
{
  _config:: {
    runbooks: '',  // put before each runbook_url, such as docs/runbooks.md#cotejoslow
    language: 'en',  // or es
  },

  grafanaDashboards+:: { [board.uid + '.json']: board for board in boards[$._config.language] },

  prometheusAlerts+:: {
    groups+: kept('alert', function(rule) rule {
      annotations+: { runbook_url: $._config.runbooks + super.runbook_url },
    }),
  },

  prometheusRules+:: { groups+: kept('record', function(rule) rule) },
}
