# Where the frozen figures of ../test_survival_against_r.py come from: R 4 with survival and cmprsk (Debian bookworm).
# Run in this folder: Rscript ebmt_and_kersey.R
suppressMessages({library(survival); library(cmprsk)})
load("../../../../shared/data/ebmt_all/dynpred_ALL.RData")
d <- ALL
# first of relapse and death; rel = days to relapse or last seen, srv = days to death or last seen
d$time <- ifelse(d$rel.s==1, d$rel, d$srv)
d$ev <- factor(ifelse(d$rel.s==1, "relapse", ifelse(d$srv.s==1,"death","none")), levels=c("none","relapse","death"))
print(table(d$ev)); print(summary(d$time)); print(sum(d$time==0))
options(digits=10)
for (a in c("all",levels(d$agecl))) {
  x <- if (a=="all") d else d[d$agecl==a,]
  km <- survfit(Surv(time, ev!="none")~1, x, conf.type="log-log")
  s <- summary(km, times=c(1,3,5)*365.25)
  cat(a, "EFS n",nrow(x),"events",sum(x$ev!="none"), "surv",s$surv,"low",s$lower,"high",s$upper,"risk",s$n.risk,"\n")
  aj <- survfit(Surv(time, ev)~1, x)
  z <- summary(aj, times=c(1,3,5)*365.25)
  cat(a, "AJ relapse",z$pstate[,2],"death",z$pstate[,3],"se",z$std.err[,2],z$std.err[,3],"\n")
  ci <- cuminc(x$time, as.integer(x$ev)-1); tp<-timepoints(ci, c(1,3,5)*365.25)
  cat(a, "cmprsk est",tp$est,"se",sqrt(tp$var),"\n")
  os <- survfit(Surv(srv, srv.s)~1, x, conf.type="log-log"); so<-summary(os,times=c(1,3,5)*365.25)
  cat(a,"OS",so$surv,"low",so$lower,"high",so$upper,"median",summary(os)$table["median"],"\n")
}
sd <- survdiff(Surv(time, ev!="none")~agecl, d); cat("logrank EFS",sd$chisq,"\n")
sd <- survdiff(Surv(time, ev=="relapse")~agecl, d); cat("logrank relapse",sd$chisq,"\n")
sd <- survdiff(Surv(time, ev=="death")~agecl, d); cat("logrank death",sd$chisq,"\n")
cx<-coxph(Surv(srv,srv.s)~agecl,d); print(summary(cx)$conf.int)
print(cox.zph(cx,terms=FALSE))
load("../../../../shared/data/ebmt_all/mixcure_leukaemia_Kersey1987.rda"); k<-leukaemia
print(range(k$time)); print(table(k$cens,k$transplant))
f<-survfit(Surv(time,cens)~transplant,k,conf.type="log-log"); print(summary(f,times=c(100,365.25,730.5)))
print(f,rmean=730.5); print(survdiff(Surv(time,cens)~transplant,k)$chisq)
c1<-concordance(Surv(time,cens)~I(as.integer(transplant)),k,reverse=TRUE); print(c(c1$concordance,sqrt(c1$var)))
# time-varying transplant: recovery as a stand-in for a treatment in time
t<-tmerge(d[,c("id","srv","srv.s")],d,id=id,death=event(srv,srv.s),tx=tdc(ifelse(ae.s==1,ae,NA)))
m<-coxph(Surv(tstart,tstop,death)~tx,t); print(summary(m)$conf.int); print(c(m$n,m$nevent))
