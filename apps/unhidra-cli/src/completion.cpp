#include "options.h"

namespace unhidra::cli {

namespace {

constexpr std::string_view kBash = R"sh(# Load with: source <(unhidra-cli completion bash)
_unhidra_cli() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= i
  local commands="register login logout status devices device hub invite verify send listen chat presence history group channel space react edit delete reply thread threads read search receipts policy export completion"
  local globals="--profile --server --gateway --ca --trust-fingerprint --passphrase-file --json --quiet --help --version"
  local credentials="--username --password-file --organization --device-name"
  case $previous in
    --profile) COMPREPLY=($(compgen -d -- "$word")); return ;;
    --ca|--passphrase-file|--password-file|--new-password-file|--output) COMPREPLY=($(compgen -f -- "$word")); return ;;
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")); return ;;
    devices) COMPREPLY=($(compgen -W "approve revoke history $globals" -- "$word")); return ;;
    device) COMPREPLY=($(compgen -W "list show add code pending approve deny rename label revoke delete twin owner group command --devices $globals" -- "$word")); return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case " $commands " in *" ${COMP_WORDS[i]} "*) command=${COMP_WORDS[i]}; break ;; esac
  done
  case $command in
    '') COMPREPLY=($(compgen -W "$commands $globals" -- "$word")) ;;
    register) COMPREPLY=($(compgen -W "$credentials --invite --display-name $globals" -- "$word")) ;;
    login) COMPREPLY=($(compgen -W "$credentials --new-password-file $globals" -- "$word")) ;;
    logout|devices) COMPREPLY=($(compgen -W "--yes $globals" -- "$word")) ;;
    device) COMPREPLY=($(compgen -W "--devices --type --group --label --owner --encrypted --remove --yes --set --if-version --group --filter --code --role --timeout --older-than $globals" -- "$word")) ;;
    invite) COMPREPLY=($(compgen -W "--role --hours $globals" -- "$word")) ;;
    verify) COMPREPLY=($(compgen -W "--accept --mark-verified $globals" -- "$word")) ;;
    send) COMPREPLY=($(compgen -W "--timeout $globals" -- "$word")) ;;
    listen) COMPREPLY=($(compgen -W "--count --timeout --hidden $globals" -- "$word")) ;;
    chat) COMPREPLY=($(compgen -W "--hidden $globals" -- "$word")) ;;
    history) COMPREPLY=($(compgen -W "--limit --earlier $globals" -- "$word")) ;;
    export) COMPREPLY=($(compgen -W "--output $globals" -- "$word")) ;;
    *) COMPREPLY=($(compgen -W "$globals" -- "$word")) ;;
  esac
}
complete -F _unhidra_cli unhidra-cli
)sh";

constexpr std::string_view kZsh = R"sh(#compdef unhidra-cli
# Load with: source <(unhidra-cli completion zsh)
_unhidra_cli() {
  local -a commands globals credentials
  commands=('register:sign up' 'login:log in as a new device' 'logout:end the session' 'status:this device'
    'devices:devices of this account' 'device:IoT devices of the organisation' 'invite:invite somebody new' 'verify:safety number' 'send:send a message' 'listen:show what arrives'
    'chat:talk in the terminal' 'presence:who is online' 'history:show a conversation' 'group:make and change groups' 'channel:channels' 'space:spaces' 'react:react to a message' 'edit:change an own message' 'delete:delete an own message' 'reply:answer in a thread' 'thread:show a thread' 'threads:list threads' 'read:mark as read' 'search:search the store' 'receipts:send receipts or not' 'policy:chat policy' 'export:all history as JSON' 'completion:completion script')
  globals=('--profile[folder of this device]:folder:_directories' '--server[https://host\:9200]:url:' '--gateway[wss://host\:9000/v1/ws]:url:'
    '--ca[PEM file]:file:_files' '--trust-fingerprint[SHA-256]:hex:' '--passphrase-file[file]:file:_files'
    '--json[JSON lines]' '--quiet[no remarks]' '--help' '--version')
  credentials=('--username[account]:name:' '--password-file[file]:file:_files' '--organization[name]:name:' '--device-name[name]:name:')
  _arguments -C $globals '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
        register) _arguments $globals $credentials '--invite[token]:token:' '--display-name[name]:name:' ;;
        login) _arguments $globals $credentials '--new-password-file[file]:file:_files' ;;
        logout) _arguments $globals '--yes[do not ask]' ;;
        devices) _arguments $globals '--yes[do not ask]' '1:what:(approve revoke history)' '2:id:' ;;
        device) _arguments $globals '--devices[https://host\:9300]:url:' '--type[type]:word:' '*--group[group]:word:' '*--label[name=value]:label:' \
          '--owner[user id]:id:' '--encrypted[twin is ciphertext]' '*--remove[label]:word:' '--yes[do not ask]' '--set[JSON]:json:' \
          '--if-version[version]:number:' '--filter[topics]:filter:' '--code[public keys]:code:' '--role[role]:role:' '--timeout[seconds]:seconds:' '--older-than[hours]:hours:' '1:what:(list show add code pending approve deny rename label revoke delete twin owner group command)' '2:device:' '*:value:' ;;
        invite) _arguments $globals '--role[role]:role:' '--hours[hours]:number:' ;;
        verify) _arguments $globals '--accept[accept the new identity]' '--mark-verified[numbers compared]' '1:user:' ;;
        send) _arguments $globals '--timeout[seconds]:seconds:' '1:user:' '2:text:' ;;
        listen) _arguments $globals '--count[messages]:number:' '--timeout[seconds]:seconds:' '--hidden[look offline]' ;;
        chat) _arguments $globals '--hidden[look offline]' '1:user:' ;;
        history) _arguments $globals '--limit[messages]:number:' '1:user:' ;;
        export) _arguments $globals '--output[file]:file:_files' ;;
        completion) _arguments '1:shell:(bash zsh fish)' ;;
        *) _arguments $globals '1:user:' ;;
      esac ;;
  esac
}
compdef _unhidra_cli unhidra-cli
)sh";

constexpr std::string_view kFish = R"sh(# Load with: unhidra-cli completion fish | source
complete -c unhidra-cli -f
set -l commands register login logout status devices device invite verify send listen chat presence history group channel space react edit delete reply thread threads read search receipts policy export completion
complete -c unhidra-cli -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c unhidra-cli -l profile -r -a "(__fish_complete_directories)" -d "Folder of this device"
complete -c unhidra-cli -l server -x -d "https://host:9200"
complete -c unhidra-cli -l gateway -x -d "wss://host:9000/v1/ws"
complete -c unhidra-cli -l ca -r -F -d "PEM file"
complete -c unhidra-cli -l trust-fingerprint -x -d "SHA-256 of the certificate"
complete -c unhidra-cli -l passphrase-file -r -F -d "Passphrase of the profile"
complete -c unhidra-cli -l json -d "JSON lines"
complete -c unhidra-cli -s q -l quiet -d "No remarks"
complete -c unhidra-cli -n "__fish_seen_subcommand_from register login" -s u -l username -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from register login" -l password-file -r -F
complete -c unhidra-cli -n "__fish_seen_subcommand_from register login" -l organization -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from register login" -l device-name -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from register" -l invite -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from register" -l display-name -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from login" -l new-password-file -r -F
complete -c unhidra-cli -n "__fish_seen_subcommand_from logout devices device" -s y -l yes
complete -c unhidra-cli -n "__fish_seen_subcommand_from devices" -a "approve revoke history"
complete -c unhidra-cli -n "__fish_seen_subcommand_from device" -a "list show add code pending approve deny rename label revoke delete twin owner group command"
complete -c unhidra-cli -n "__fish_seen_subcommand_from device" -l devices -x -d "https://host:9300"
complete -c unhidra-cli -n "__fish_seen_subcommand_from device" -l type -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from device" -l group -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from device" -l label -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from device" -l owner -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from device" -l encrypted
complete -c unhidra-cli -n "__fish_seen_subcommand_from device" -l remove -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from device" -l set -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from device" -l if-version -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from invite" -l role -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from invite" -l hours -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from verify" -l accept
complete -c unhidra-cli -n "__fish_seen_subcommand_from verify" -l mark-verified
complete -c unhidra-cli -n "__fish_seen_subcommand_from send listen" -l timeout -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from listen" -l count -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from listen chat" -l hidden
complete -c unhidra-cli -n "__fish_seen_subcommand_from history" -l limit -x
complete -c unhidra-cli -n "__fish_seen_subcommand_from export" -l output -r -F
complete -c unhidra-cli -n "__fish_seen_subcommand_from completion" -a "bash zsh fish"
)sh";

}  // namespace

std::string_view completion_script(std::string_view shell) {
  if (shell == "zsh") {
    return kZsh;
  }
  return shell == "fish" ? kFish : kBash;
}

}  // namespace unhidra::cli
