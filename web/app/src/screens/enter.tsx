// Sign in, sign up, and the set-up of a new server: one form.
import { ShieldCheck } from "lucide-react";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { Banner, Button, Field } from "../ui/basics";
import { explainError } from "../lib/errors";
import { suggestedDeviceName } from "../lib/names";
import { enter } from "../state/session";

const kSetupToken = "uhs_";
const kLeastPassword = 8;

type Values = Record<"username" | "password" | "invitation" | "deviceName", string>;
type Problems = Partial<Record<keyof Values, string>>;

export function problemsOf(values: Values, fresh: boolean, t: (key: string) => string): Problems {
  const out: Problems = {};
  if (values.username === "") {
    out.username = t("auth.missing");
  } else if (!/^[A-Za-z0-9._-]{1,64}$/.test(values.username)) {
    out.username = t("auth.badUsername");
  }
  if (values.password === "") {
    out.password = t("auth.missing");
  } else if (fresh && values.password.length < kLeastPassword) {
    out.password = t("auth.tooShort");
  }
  if (values.deviceName.trim() === "") {
    out.deviceName = t("auth.missing");
  }
  return out;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a link that was cut off
  }
}

export function Enter() {
  const { t } = useTranslation();
  const [path, navigate] = useLocation();
  const fresh = path === "/sign-up";
  const [values, setValues] = useState<Values>(() => ({
    username: "",
    password: "",
    invitation: decoded(location.hash.slice(1)), // of a link: "#" keeps it from the server's log
    deviceName: suggestedDeviceName(navigator.userAgent),
  }));
  const [problems, setProblems] = useState<Problems>({});
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const setup = fresh && values.invitation.startsWith(kSetupToken);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const found = problemsOf(values, fresh, t);
    setProblems(found);
    setFailure("");
    const first = Object.keys(found)[0];
    if (first) {
      form.querySelector<HTMLInputElement>(`[name=${first}]`)?.focus();
      return;
    }
    setBusy(true);
    try {
      const { invitation, ...rest } = values;
      await enter(fresh ? "signUp" : "signIn", invitation.trim() ? { ...rest, invitation: invitation.trim() } : rest);
      navigate("/", { replace: true });
    } catch (error) {
      setFailure(explainError(t, error));
      setBusy(false);
    }
  };
  const field = (name: keyof Values) => ({
    name,
    value: values[name],
    problem: problems[name],
    onChange: (event: { target: { value: string } }) => {
      setValues({ ...values, [name]: event.target.value });
      setProblems(({ [name]: _, ...others }) => others);
    },
  });

  return (
    <main className="enter">
      <section className="enter-card">
        <header className="enter-head">
          <h1>
            <img src="/icon.svg" alt="" width="40" height="40" />
            {setup ? t("auth.setupTitle") : t(fresh ? "auth.signUp" : "auth.signIn")}
          </h1>
          <p>{setup ? t("auth.setupLead") : t(fresh ? "auth.signUpLead" : "auth.signInLead")}</p>
        </header>
        <form onSubmit={(event) => void submit(event)} noValidate aria-busy={busy}>
          {failure && <Banner look="danger" icon={ShieldCheck}>{failure}</Banner>}
          {fresh && (
            <Field {...field("invitation")} label={t(setup ? "auth.setupToken" : "auth.invitation")}
              hint={setup ? undefined : t("auth.invitationHint")} autoComplete="off" spellCheck={false} />
          )}
          <Field {...field("username")} label={t("auth.username")}
            autoComplete="username" autoCapitalize="none" spellCheck={false} autoFocus />
          <Field {...field("password")} type="password" label={t("auth.password")} hint={fresh ? t("auth.passwordHint") : undefined}
            autoComplete={fresh ? "new-password" : "current-password"} />
          <Field {...field("deviceName")} label={t("auth.deviceName")} hint={t("auth.deviceNameHint")} autoComplete="off" maxLength={64} />
          <Button look="primary" type="submit" busy={busy}>
            {busy ? t("auth.working") : t(fresh ? "auth.signUp" : "auth.signIn")}
          </Button>
        </form>
        <p className="enter-other">
          <Link href={fresh ? "/sign-in" : "/sign-up"} onClick={() => { setProblems({}); setFailure(""); }}>{t(fresh ? "auth.toSignIn" : "auth.toSignUp")}</Link>
        </p>
      </section>
      <p className="enter-trust">
        <ShieldCheck size={16} aria-hidden /> {t("auth.trustNote")}
      </p>
    </main>
  );
}
