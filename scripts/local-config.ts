// The configuration that the quick start writes once and that is the user's from then on.

export const localConfig = `# Written once by the quick start; change it as you like. Both planes listen on this machine only:
# give 0.0.0.0 as ip to let others in.
deployment:
  role: traditional
  admin:
    admin_listen:
      ip: 127.0.0.1
      port: \${{WEIR_ADMIN_PORT:=9180}}
    admin_key:
      - name: admin
        key: \${{WEIR_ADMIN_KEY}} # the quick start reads it from admin.key
        role: admin
apisix:
  node_listen:
    - ip: 127.0.0.1
      port: \${{WEIR_PROXY_PORT:=9080}}
  ssl:
    enable: false
  enable_control: true
  control:
    ip: 127.0.0.1
    port: \${{WEIR_CONTROL_PORT:=9090}}
  status:
    ip: 127.0.0.1
    port: \${{WEIR_STATUS_PORT:=7085}}
nginx_config:
  worker_processes: 1
plugin_attr:
  prometheus:
    export_addr:
      ip: 127.0.0.1
      port: \${{WEIR_METRICS_PORT:=9091}}
weir:
  store: embedded
  embedded:
    path: \${{WEIR_STATE_DIR:=.weir}}/weir.db
  access_log:
    path: \${{WEIR_STATE_DIR:=.weir}}/access.log
`
